import type { Words } from "../table.ts";

/** Of clouds whose disks are read and written by helper instances: a handle is opened by launching one, and closed by removing
 *  it, which hinders nobody where it fails. */
export function opened(launch: string): Readonly<Record<string, Words>> {
  const calls = ["openSource", "openPoint", "openVolume", "openGeneration"];
  return Object.fromEntries(calls.map((call) => [`disks.${call}`, { at: launch, heavy: true }]));
}

/** Calls that need a generation, a point or a compared disk of their own, each of which a machine has to start for. */
export const heavy = { heavy: true } as const satisfies Words;

const bytes = "it asks the helper, not the cloud: `bytes go on while the cloud is away`";
export const byHelpers: Readonly<Record<string, string>> = Object.fromEntries(
  ["source.extents", "source.read", "source.close", "sink.write", "sink.writeZeroes", "sink.flush", "sink.close"].map(
    (call) => [call, bytes],
  ),
);
