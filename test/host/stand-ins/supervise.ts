// A supervisor over stand-in parts: `node supervise.ts INSTANCE_DIR NAME...`; a name ending in ! is a part that fails.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Supervisor } from "../../../src/cli/stack/supervisor.ts";

const [, , dir = ".", ...names] = process.argv;
const part = fileURLToPath(new URL("./part.ts", import.meta.url));

function servesAs(file: string, pid: number): boolean {
  try {
    return readFileSync(file, "utf8") === String(pid);
  } catch {
    return false;
  }
}

const supervisor = new Supervisor(
  dir,
  names.map((text) => {
    const name = text.replace("!", "");
    return {
      name,
      prepare: async () => ({
        name,
        program: process.execPath,
        args: [part, dir, name, ...(text.endsWith("!") ? ["fail"] : [])],
        env: { PATH: process.env.PATH },
        stopSignal: "SIGTERM" as const,
        stopGraceMs: 5_000,
        ready: async ({ pid }: { pid: number }) => servesAs(`${dir}/${name}.ready`, pid),
        readyWithinMs: 20_000,
      }),
    };
  }),
);
process.on("SIGTERM", () => void supervisor.stop().then(() => process.exit(0)));
setInterval(() => {}, 60_000);
await supervisor.up().catch(async (error: unknown) => {
  await supervisor.fail(error);
  process.exit(1);
});
