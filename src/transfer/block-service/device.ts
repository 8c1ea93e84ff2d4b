import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../../domain/errors.ts";
import type { ServedEnd } from "../link/server.ts";
import { NbdBlockSink } from "../nbd/block-sink.ts";
import { NbdBlockSource } from "../nbd/block-source.ts";
import { FileSink, FileSource } from "./file-disk.ts";
import { withHashes } from "./hashes.ts";

const lookEveryMs = 200;

export interface DeviceWanted {
  readonly devices: string;
  readonly device: string;
  readonly write: boolean;
  /** A disk may be attached a while after the machine has started. */
  readonly withinMs: number;
}

/** The disk of that name, once it is there: a block device, a file of raw bytes, or a socket behind which NBD is spoken. */
export async function openDevice(wanted: DeviceWanted, signal: AbortSignal): Promise<ServedEnd> {
  const { write } = wanted;
  const path = await appeared(wanted, signal);
  const isSocket = (await stat(path)).isSocket();
  if (write) {
    return { sink: isSocket ? await NbdBlockSink.open({ path, exportName: "", signal }) : await FileSink.open(path) };
  }
  const source = isSocket ? await NbdBlockSource.open({ path, exportName: "", signal }) : await FileSource.open(path);
  return { source: withHashes(source) };
}

async function appeared({ devices, device, withinMs }: DeviceWanted, signal: AbortSignal): Promise<string> {
  const path = join(devices, device);
  for (const deadline = performance.now() + withinMs; ; ) {
    const found = await realpath(path).catch(() => undefined);
    if (found !== undefined) return found;
    if (performance.now() > deadline) {
      throw new ProviderError("NotFound", {
        operation: "open the helper's disk",
        resource: device,
        reason: "it did not appear at the helper instance",
        action: "It is tried again with another helper.",
      });
    }
    await sleep(lookEveryMs, undefined, { signal });
  }
}
