/**
 * A worker that was stopped in mid-write and goes on later: opens a generation, writes without end, and when it is
 * refused, tries once more from the start. Says on stdout how each went.
 */
import { isProviderError } from "../../../src/domain/errors.ts";
import type { ConformanceHarness } from "../harness.ts";

const [module, descriptor, generationId, size] = process.argv.slice(2) as [string, string, string, string];
const { harness } = (await import(module)) as { harness: ConformanceHarness };
const provider = harness.connect(JSON.parse(descriptor));
const sizeBytes = Number(size);
/** Where it writes: the test has to write over all of it. */
const coveredBytes = Math.min(sizeBytes, 32 * 2 ** 20);
const input = { replica: { replicaId: "late", sizeBytes, tags: {} }, generationId, attempt: 1 };
const signal = AbortSignal.timeout(60_000);
const sink = await provider.disks.openGeneration(input, signal);
const bytes = Buffer.alloc(64 * 1024, 0xee);
let refusal: unknown;
for (let round = 0; refusal === undefined; round++) {
  try {
    await sink.write((round * bytes.length) % coveredBytes, bytes);
    await sink.flush();
    if (round === 0) process.stdout.write("writing\n");
  } catch (error) {
    refusal = error;
  }
}
process.stdout.write(`refused ${codeOf(refusal)}\n`);
try {
  await provider.disks.openGeneration(input, signal);
  process.stdout.write("reopened\n");
} catch (error) {
  process.stdout.write(`shut-out ${codeOf(error)}\n`);
}
process.exit(0);

function codeOf(error: unknown): string {
  return isProviderError(error) ? error.code : String(error);
}
