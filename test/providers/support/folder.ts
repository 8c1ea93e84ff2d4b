import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createFolderProvider } from "../../../src/providers/folder/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import type { ConformanceHarness, ConformanceSite } from "../harness.ts";

interface Descriptor {
  readonly storagePath: string;
}

export const harness: ConformanceHarness = {
  kind: "folder",
  module: import.meta.url,
  unavailable: () => undefined,
  open: () => openFolder(),
  connect: (descriptor) => connect(descriptor as Descriptor),
};

function connect({ storagePath }: Descriptor): Provider {
  const context = { site: "conformance", budget: () => ({ take: async () => {} }), log: () => {} };
  return createFolderProvider({ storagePath, context });
}

/** A folder of the test's own. */
export async function openFolder(below = tmpdir()): Promise<ConformanceSite & { readonly storagePath: string }> {
  const storagePath = mkdtempSync(join(below, "nvc-f-"));
  const provider = connect({ storagePath });
  return {
    provider,
    storagePath,
    descriptor: { storagePath },
    bus: "virtio-blk",
    tracking: "changed-blocks",
    wholeLeaves: false,
    async writeAsGuest(vmId, diskId, offset, length, pattern) {
      const record = JSON.parse(readFileSync(join(storagePath, "vms", `${vmId}.json`), "utf8")) as {
        disks: { id: string; file: string }[];
      };
      const file = record.disks.find(({ id }) => id === diskId)?.file ?? "";
      await writeLogged(resolve(storagePath, file), offset, Buffer.alloc(length, pattern));
    },
    async close() {
      await provider.close();
      rmSync(storagePath, { recursive: true, force: true });
    },
  };
}

/** As the provider's README asks of a program that keeps a disk's block log. */
export async function writeLogged(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "r+");
  try {
    const from = (await file.stat({ bigint: true })).mtimeNs;
    await file.write(bytes, 0, bytes.byteLength, offset);
    const at = new Date(Math.max(Date.now(), Number(from / 1_000_000n) + 1));
    await file.utimes(at, at);
    await file.sync();
    const to = (await file.stat({ bigint: true })).mtimeNs;
    const line = { from: String(from), to: String(to), ranges: [[offset, bytes.byteLength]] };
    appendFileSync(`${path}.blocks.jsonl`, `${JSON.stringify(line)}\n`);
  } finally {
    await file.close();
  }
}
