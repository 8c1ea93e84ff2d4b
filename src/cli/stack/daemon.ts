// The supervisor's process: `node daemon.ts INSTANCE_DIR`, started detached by upStack; SIGTERM brings all down.
import { stackComponents } from "./components.ts";
import type { StackPlan } from "./settings.ts";
import { planFile } from "./settings.ts";
import { readJson } from "./state.ts";
import { Supervisor } from "./supervisor.ts";

const dir = process.argv[2];
const plan = dir === undefined ? undefined : readJson<StackPlan>(planFile(dir));
if (dir === undefined || plan === undefined) {
  process.stderr.write("This is started by ./novacron up.\n");
  process.exit(2);
}

const supervisor = new Supervisor(dir, stackComponents(plan));
let ending: Promise<void> | undefined;
const end = () => {
  ending ??= supervisor.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
};
process.on("SIGTERM", end);
process.on("SIGINT", end);
process.on("SIGHUP", () => {});
// What it watches are files and processes: this keeps it alive while nothing happens.
setInterval(() => {}, 60_000);

try {
  await supervisor.up();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  if (ending === undefined) {
    await supervisor.fail(error);
    process.exit(1);
  }
}
