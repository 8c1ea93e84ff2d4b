import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostTools } from "../../../src/host/tools.ts";
import { NbdBlockSink } from "../../../src/transfer/nbd/block-sink.ts";

/** Writes into a qcow2 image that nobody has open; `dir` is a short folder for the socket. */
export async function writeImage(
  tools: HostTools,
  dir: string,
  input: { readonly path: string; readonly offset: number; readonly bytes: Uint8Array },
): Promise<void> {
  const socket = join(dir, "w.sock");
  const args = [`--socket=${socket}`, "--format=qcow2", input.path];
  const server = tools.start("qemu-nbd", args, { logFile: join(dir, "write.log") });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const sink = await retry(() => NbdBlockSink.open({ path: socket, exportName: "", connections: 1 }));
  await sink.write(input.offset, input.bytes);
  await sink.flush();
  await sink.close();
  await ended;
}

async function retry<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(20);
    }
  }
}
