import { runBlockService } from "./service.ts";
import { readSettings } from "./settings.ts";

/** The program of a helper instance. Its settings are in its environment; what it says is the machine's console. */
const { NOVACRON_BLOCK_SERVICE = "", NOVACRON_LISTEN_HOST, NOVACRON_DEVICES = "/dev/disk/by-id" } = process.env;
const say = (message: string) => process.stdout.write(`novacron block service: ${message}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
try {
  const settings = readSettings(NOVACRON_BLOCK_SERVICE);
  await runBlockService(settings, {
    devices: NOVACRON_DEVICES,
    host: NOVACRON_LISTEN_HOST,
    onListening: (port) => say(`listening on port ${port}`),
    log: say,
  });
  say("ended");
  process.exit(0);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
