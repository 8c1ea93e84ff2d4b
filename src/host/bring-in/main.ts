// `node main.ts`: brings in what is missing, one line a step on stderr; for the launcher's `test`.
import { bringIn } from "./index.ts";

try {
  const { tools } = await bringIn({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  if (!tools.guests.possible) {
    process.stderr.write(`No guests can run here: ${tools.guests.reason}\n`);
  }
} catch (error) {
  process.stderr.write(`novacron: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
