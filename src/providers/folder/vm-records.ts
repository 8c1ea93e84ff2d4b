import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Vm } from "../../domain/vm.ts";
import { fileFailure, invalid, notFound } from "../failures.ts";
import { readJson, readNames, writeJson, writeJsonOnce } from "../record-files.ts";
import { checkId, type Folder } from "./folder.ts";
import { diskState } from "./raw-disk.ts";
import type { Volumes } from "./volumes.ts";

/** `vms/<id>.json`, a contract with whoever puts VMs into a folder: README.md says what each key means. */
const vmSchema = z.looseObject({
  format: z.literal(1),
  name: z.string().min(1),
  created_at: z.string().optional(),
  cpus: z.int().min(1).default(1),
  memory_bytes: z
    .int()
    .min(1)
    .default(1024 ** 3),
  firmware: z.enum(["bios", "uefi"]).default("bios"),
  architecture: z.enum(["x86_64", "aarch64"]).default("x86_64"),
  disks: z
    .array(
      z.looseObject({
        id: z.string().regex(/^[A-Za-z0-9_-]+$/, "a disk's id has letters, digits, hyphens and underscores"),
        file: z.string().min(1),
        bus: z.enum(["virtio-blk", "virtio-scsi", "nvme", "ide", "sata", "xen", "hyperv"]).default("virtio-blk"),
        boot: z.boolean().default(false),
      }),
    )
    .refine((disks) => new Set(disks.map(({ id }) => id)).size === disks.length, "two disks have one id"),
  nics: z
    .array(z.looseObject({ id: z.string().min(1), network: z.string().min(1), mac: z.string().optional() }))
    .default([]),
  publish_ports: z.array(z.int().min(1).max(65_535)).default([]),
  tags: z.record(z.string(), z.string()).default({}),
});

export type VmRecord = z.output<typeof vmSchema>;

export interface SeenRecord {
  readonly vmId: string;
  readonly record: VmRecord;
}

export class VmRecords {
  readonly #folder: Folder;
  readonly #volumes: Volumes;
  /** Changes of one record wait for each other. */
  readonly #changing = new Map<string, Promise<unknown>>();

  constructor(folder: Folder, volumes: Volumes) {
    this.#folder = folder;
    this.#volumes = volumes;
  }

  /** Records that can be read, and for each other one what is wrong with it. */
  async list(): Promise<{ records: SeenRecord[]; unreadable: string[] }> {
    const records: SeenRecord[] = [];
    const unreadable: string[] = [];
    for (const name of await readNames(this.#folder.path("vms"))) {
      const vmId = name.endsWith(".json") ? name.slice(0, -".json".length) : undefined;
      if (vmId === undefined) continue;
      try {
        const record = await this.find(vmId);
        if (record) records.push({ vmId, record });
      } catch (error) {
        unreadable.push((error as Error).message);
      }
    }
    return { records, unreadable };
  }

  /** @throws NotFound. */
  async get(vmId: string): Promise<VmRecord> {
    const record = await this.find(vmId);
    if (record) return record;
    throw notFound(this.#folder.subject("find VM", "vm", vmId), `${this.#folder.site} has no such VM`);
  }

  /** @throws InvalidInput when it is not what the README says. */
  async find(vmId: string): Promise<VmRecord | undefined> {
    const path = this.#path(vmId);
    const subject = this.#folder.subject("read VM", "vm", vmId);
    const correct = `Correct ${path}.`;
    let found: unknown;
    try {
      found = await readJson(path);
    } catch (error) {
      if (error instanceof SyntaxError) throw invalid(subject, "its record is not JSON", correct);
      throw fileFailure(error, subject);
    }
    if (found === undefined) return undefined;
    const parsed = vmSchema.safeParse(found);
    if (parsed.success) return parsed.data;
    const { path: key = [], message } = parsed.error.issues[0] ?? { message: "" };
    throw invalid(subject, `${key.join(".") || "its record"}: ${message}`, correct);
  }

  /** Unless there is one. */
  async put(vmId: string, record: VmRecord): Promise<void> {
    await writeJsonOnce(this.#path(vmId), record);
  }

  async change(vmId: string, change: (record: VmRecord) => VmRecord): Promise<void> {
    const before = this.#changing.get(vmId) ?? Promise.resolve();
    const changing = before
      .catch(() => undefined)
      .then(async () => writeJson(this.#path(vmId), change(await this.get(vmId))));
    this.#changing.set(vmId, changing);
    try {
      await changing;
    } finally {
      if (this.#changing.get(vmId) === changing) this.#changing.delete(vmId);
    }
  }

  async delete(vmId: string): Promise<void> {
    await rm(this.#path(vmId), { force: true });
  }

  /** Images that VMs have, with the VM. */
  async usedPaths(): Promise<ReadonlyMap<string, SeenRecord>> {
    const { records } = await this.list();
    return new Map(
      records.flatMap((seen) => seen.record.disks.map(({ file }) => [this.#folder.absolute(file), seen] as const)),
    );
  }

  async toVm(vmId: string, record: VmRecord): Promise<Vm> {
    const subject = this.#folder.subject("read VM", "vm", vmId);
    // A VM that names none to boot from tries them all.
    const anyBoots = record.disks.every(({ boot }) => !boot);
    return {
      vmId,
      site: this.#folder.site,
      name: record.name,
      state: "stopped",
      cpus: record.cpus,
      memoryBytes: record.memory_bytes,
      firmware: record.firmware,
      architecture: record.architecture,
      disks: await Promise.all(
        record.disks.map(async ({ id, file, bus, boot }) => {
          const path = this.#folder.absolute(file);
          const state = await diskState(path, subject).catch(() => undefined);
          return {
            diskId: id,
            volumeId: this.#volumes.idOfPath(path) ?? path,
            sizeBytes: state?.sizeBytes ?? 0,
            bus,
            boot: boot || anyBoots,
            allocatedBytes: state?.storedBytes,
            type: "raw",
          };
        }),
      ),
      nics: record.nics.map(({ id, network, mac }) => ({ nicId: id, networkId: network, mac })),
      publishPorts: record.publish_ports,
      endpoints: [],
      tags: record.tags,
      createdAt: record.created_at,
    };
  }

  #path(vmId: string): string {
    return join(this.#folder.path("vms"), `${checkId(vmId)}.json`);
  }
}
