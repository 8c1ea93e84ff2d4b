import { randomFillSync } from "node:crypto";
import { NbdBlockSink } from "../../src/transfer/nbd/block-sink.ts";
import { interleave, median, seconds } from "./measure.ts";
import type { NbdLab } from "./nbd-lab.ts";
import { PumpProcess } from "./pump-process.ts";

const format = "qcow2";
const bitmap = "since-first";
const exportName = "disk";

export interface TimedIncrement {
  readonly ours: number;
  readonly peer: number;
}

/**
 * Moves the given stretches of a disk into a child of its copy: by our pump, told by a dirty bitmap; and by nbdcopy, whose
 * source holds nothing else, into an empty image. Seconds, of either the middle of the rounds.
 * `disk` is written to.
 */
export async function timeIncrement(
  lab: NbdLab,
  disk: string,
  { offsets, unitBytes, rounds }: { offsets: readonly number[]; unitBytes: number; rounds: number },
): Promise<TimedIncrement> {
  const sizeBytes = await lab.sizeBytes(disk);
  const parent = await lab.qcow2("parent.qcow2", sizeBytes);
  await using pumping = await PumpProcess.start();
  const both = await serve(lab, disk, parent);
  await pumping.call({ kind: "pump", generationId: "first", source: both.source, sink: both.sink });
  await both.stop();
  await lab.image("bitmap", "--add", "-f", format, disk, bitmap);
  const changed = await lab.qcow2("changed.qcow2", sizeBytes);
  for (const file of [disk, changed]) await rewrite(lab, file, offsets, unitBytes);
  const child = () => lab.qcow2("child.qcow2", sizeBytes, { file: parent, format });
  const measured = await interleave(rounds, {
    ours: async (round) => {
      const ends = await serve(lab, disk, await child(), ["-B", bitmap]);
      const { source, sink } = ends;
      const since = { bitmap, parentManifestId: "first" };
      const time = await seconds(() =>
        pumping.call({ kind: "pump", generationId: `child-${round}`, source, sink, since }),
      );
      await ends.stop();
      return time;
    },
    peer: async () => {
      const ends = await serve(lab, changed, await lab.qcow2("peer.qcow2", sizeBytes));
      const uris = [ends.source, ends.sink].map((path) => `nbd+unix:///${exportName}?socket=${path}`);
      const time = await seconds(async () => {
        const result = await lab.tools.run("nbdcopy", ["--flush", "--destination-is-zero", ...uris]);
        if (result.exitCode !== 0) throw new Error(`nbdcopy: ${result.stderr}`);
      });
      await ends.stop();
      return time;
    },
  });
  return { ours: median(measured.ours), peer: median(measured.peer) };
}

async function serve(lab: NbdLab, from: string, to: string, flags: readonly string[] = []) {
  const reading = await lab.serve(from, ["--read-only", "-f", format, ...flags]);
  const writing = await lab.serve(to, ["-f", format]);
  const stop = async (): Promise<void> => void (await Promise.all([reading.stop("SIGTERM"), writing.stop("SIGTERM")]));
  return { source: reading.path, sink: writing.path, stop };
}

async function rewrite(lab: NbdLab, file: string, offsets: readonly number[], unitBytes: number): Promise<void> {
  const server = await lab.serve(file, ["-f", format]);
  const sink = await NbdBlockSink.open({ path: server.path, exportName });
  for (const offset of offsets) await sink.write(offset, randomFillSync(Buffer.alloc(unitBytes)));
  await sink.flush();
  await sink.close();
  await server.stop("SIGTERM");
}
