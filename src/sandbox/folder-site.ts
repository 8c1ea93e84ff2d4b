import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ProviderError } from "../domain/errors.ts";
import { writeScattered } from "./scattered.ts";
import type { CreatedVm, DataVmInput, SandboxSite } from "./site.ts";

/** What is written here is the contract in the folder provider's README. */
interface VmRecord {
  readonly disks: readonly { readonly id: string; readonly file: string }[];
}

const sectorBytes = 512;

/** A site without a hypervisor, for machines that can't have one: a folder of disks. */
export class FolderSite implements SandboxSite {
  readonly type = "folder";
  readonly site: string;
  readonly storagePath: string;
  /** Why there is no hypervisor. */
  readonly #reason: string;

  constructor(instanceDir: string, site: string, reason: string) {
    this.site = site;
    this.storagePath = FolderSite.pathOf(instanceDir, site);
    this.#reason = reason;
  }

  static pathOf(instanceDir: string, site: string): string {
    return join(instanceDir, "sites", site, "folder");
  }

  /** Whether there are VMs in it. */
  static async isUsed(instanceDir: string, site: string): Promise<boolean> {
    const names = await readdir(join(FolderSite.pathOf(instanceDir, site), "vms")).catch(() => []);
    return names.some((name) => name.endsWith(".json"));
  }

  async start(): Promise<void> {
    for (const folder of ["vms", "images"]) await mkdir(join(this.storagePath, folder), { recursive: true });
  }

  async stop(): Promise<void> {}

  async createGuest(): Promise<CreatedVm> {
    throw new ProviderError("UnsupportedCapability", {
      operation: "make a guest",
      resource: this.site,
      reason: `there is no hypervisor: ${this.#reason.replace(/\.$/, "")}`,
      action: "Make a VM of disks alone.",
    });
  }

  async createDataVm(input: DataVmInput): Promise<CreatedVm> {
    const vmId = randomUUID();
    const disks = [];
    for (const [index, { sizeBytes, dataBytes }] of input.disks.entries()) {
      const file = `images/${vmId}-${index}.raw`;
      const path = join(this.storagePath, file);
      const data = await writeScattered(path, sizeBytes, dataBytes);
      const stamp = await restamp(path);
      await writeFile(logOf(path), `${JSON.stringify({ format: 1, stamp, data })}\n`, { flush: true });
      disks.push({ id: `disk${index}`, file, bus: "virtio-blk", boot: index === 0 });
    }
    const record = {
      format: 1,
      name: input.name,
      created_at: new Date().toISOString(),
      memory_bytes: input.memoryMib * 2 ** 20,
      disks,
    };
    const path = this.#recordPath(vmId);
    await writeFile(`${path}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { flush: true });
    await rename(`${path}.new`, path);
    return { vmId, name: input.name };
  }

  async write(vmId: string, disk: number, offset: number, length: number): Promise<void> {
    const path = (await this.#diskPaths(vmId))[disk];
    if (path === undefined) throw this.#missing(`${vmId}/disk ${disk}`);
    const file = await open(path, "r+");
    try {
      const from = String((await file.stat({ bigint: true })).mtimeNs);
      await file.write(randomBytes(length), 0, length, offset);
      const to = await restamp(path, Number(BigInt(from) / 1_000_000n) + 1);
      await appendFile(logOf(path), `${JSON.stringify({ from, to, ranges: [[offset, length]] })}\n`, { flush: true });
    } finally {
      await file.close();
    }
  }

  async digests(vmId: string): Promise<string[]> {
    return Promise.all((await this.#diskPaths(vmId)).map(digestOf));
  }

  async remove(vmId: string): Promise<void> {
    const paths = await this.#diskPaths(vmId).catch(() => []);
    await rm(this.#recordPath(vmId), { force: true });
    for (const path of paths.filter((each) => each.startsWith(join(this.storagePath, "images/")))) {
      await rm(path, { force: true });
      await rm(logOf(path), { force: true });
    }
  }

  async #diskPaths(vmId: string): Promise<string[]> {
    const text = await readFile(this.#recordPath(vmId), "utf8").catch(() => undefined);
    if (text === undefined) throw this.#missing(vmId);
    return (JSON.parse(text) as VmRecord).disks.map(({ file }) => resolve(this.storagePath, file));
  }

  #recordPath(vmId: string): string {
    return join(this.storagePath, "vms", `${vmId}.json`);
  }

  #missing(what: string): ProviderError {
    return new ProviderError("NotFound", {
      operation: "find the VM's disk",
      resource: `${this.site}/vm/${what}`,
      reason: "it is not there",
      action: "Name one that is.",
    });
  }
}

const logOf = (path: string) => `${path}.blocks.jsonl`;

/** Sets a modification time that no write gives (whole milliseconds, from `leastMs` on), makes the file durable, and
 *  returns what the time then is. */
async function restamp(path: string, leastMs = 0): Promise<string> {
  const file = await open(path, "r+");
  try {
    const at = new Date(Math.max(Date.now(), leastMs));
    await file.utimes(at, at);
    await file.sync();
    return String((await file.stat({ bigint: true })).mtimeNs);
  } finally {
    await file.close();
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return hash.update(Buffer.alloc((sectorBytes - (size % sectorBytes)) % sectorBytes)).digest("hex");
}
