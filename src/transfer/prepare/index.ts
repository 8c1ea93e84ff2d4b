import { ProviderError } from "../../domain/errors.ts";
import type { ChangedFile, PreparationChange } from "../../domain/preparation.ts";
import { raidRecordAt } from "../inspect/content.ts";
import { DiskBytes, NotAtRest, OutOfTime, Unreadable } from "../inspect/disk-bytes.ts";
import { readPartitions } from "../inspect/partitions.ts";
import { isRaidMember } from "../inspect/volumes.ts";
import type { BlockSource, Extent } from "../ports.ts";
import { ChangedBytes, type ChangedRange } from "./changed-bytes.ts";
import { editFstab, editMenu } from "./edits.ts";
import { ExtWriter } from "./ext/writer.ts";
import { moreDrivers } from "./initramfs-drivers.ts";

export interface PrepareOptions {
  /** What is prepared, for messages. */
  readonly resource: string;
  /** The time that files are said to have changed at: the same at every attempt. */
  readonly at: Date;
  readonly signal?: AbortSignal;
  /** Bytes to read at most. Default 4 GiB. */
  readonly maxReadBytes?: number;
  /** How long it may take. Default 2 min. */
  readonly maxMs?: number;
}

export interface PreparedGuest {
  /** The disk with the changes; what {@link preparedSince} asks for are the ranges that were changed. */
  readonly source: BlockSource;
  readonly changes: readonly ChangedFile[];
}

/** The baseline that a prepared disk knows: what it was before. */
export const preparedSince = "before-preparation";

/**
 * Carries a plan's changes out on a view of a guest's disk: the disk itself is only read, and the same changes of the same
 * disk give the same bytes. Nothing of the guest runs. What it can't do as it was planned is refused as a whole.
 * @throws ProviderError Conflict when a change can't be made, with the fact `whileInUse` when it may be possible once the
 * guest has ended in order; Timeout when it took too long; what the source throws; the signal's reason.
 */
export async function prepareGuest(
  source: BlockSource,
  changes: readonly PreparationChange[],
  options: PrepareOptions,
): Promise<PreparedGuest> {
  const { resource, at, signal, maxReadBytes = 4 * 1024 ** 3, maxMs = 120_000 } = options;
  const limits = { readBytes: maxReadBytes, deadlineMs: performance.now() + maxMs };
  const disk = new ChangedBytes(new DiskBytes(source, limits, signal));
  try {
    const volumes = new Volumes(disk, at);
    for (const change of changes) {
      disk.reason = change.reason;
      await carryOut(change, volumes);
    }
    await volumes.close();
    const ranges = await disk.ranges();
    return { source: preparedSource(source, disk, ranges), changes: byFile(ranges) };
  } catch (error) {
    throw refusal(error, resource);
  }
}

function refusal(error: unknown, resource: string): unknown {
  const what = { operation: "prepare the guest", resource, cause: error };
  if (error instanceof OutOfTime) {
    return new ProviderError("Timeout", {
      ...what,
      reason: error.message,
      action: "Look at the site's load; it is tried again.",
    });
  }
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  return new ProviderError("Conflict", {
    ...what,
    reason,
    action: "Prepare it in the guest as the plan's checks say and plan with preparation off, or look at a new plan.",
    ...(error instanceof NotAtRest ? { facts: { whileInUse: true } } : {}),
  });
}

/** Undefined of what says nothing of the disk. */
function reasonOf(error: unknown): string | undefined {
  // A count or a place on a damaged disk may be none that a number here can be.
  if (error instanceof RangeError) return "its file system is damaged";
  return error instanceof Unreadable ? error.message : undefined;
}

/** The volumes that are changed, each opened once. */
class Volumes {
  readonly #disk: ChangedBytes;
  readonly #at: Date;
  readonly #open = new Map<string, ExtWriter>();

  constructor(disk: ChangedBytes, at: Date) {
    this.#disk = disk;
    this.#at = at;
  }

  async get(name: string): Promise<ExtWriter> {
    const known = this.#open.get(name);
    if (known) return known;
    const scan = await readPartitions(this.#disk);
    const { table, partitions } = scan;
    const whole = { offsetBytes: 0, sizeBytes: this.#disk.sizeBytes };
    const place =
      table === "none" && name === "the whole disk"
        ? whole
        : partitions.find(({ number }) => name === `partition ${number}`);
    if (!place) throw new Unreadable(`there is no ${name}`);
    const bytes = this.#disk.window(place.offsetBytes, place.sizeBytes);
    if ((await isRaidMember(this.#disk, scan)) || (await raidRecordAt(bytes)) !== undefined) {
      throw new Unreadable(`${name} is one of a Linux RAID, whose others would not have what is written to it`);
    }
    const writer = await ExtWriter.open(bytes, this.#at);
    this.#open.set(name, writer);
    return writer;
  }

  async close(): Promise<void> {
    for (const writer of this.#open.values()) await writer.close();
  }
}

async function carryOut(change: PreparationChange, volumes: Volumes): Promise<void> {
  const volume = await volumes.get(change.volume);
  const { path } = change;
  switch (change.change) {
    case "initramfs-drivers": {
      const root = await (await volumes.get(change.modulesVolume)).files();
      return volume.append(path, await moreDrivers(await volume.files(), root, change));
    }
    case "kernel-command-line":
      return edit(volume, path, (text) => editMenu(text, change));
    case "device-names":
      return edit(volume, path, (text) => editFstab(text, change.rename));
    case "write-file": {
      const exists = (await (await volume.files()).find(path))?.kind === "file";
      if (exists) return volume.replace(path, Buffer.from(change.text));
      const { folder, name } = split(path);
      return volume.create(folder, name, Buffer.from(change.text));
    }
    case "empty-file":
      return volume.replace(path, Buffer.alloc(0));
    case "remove-file": {
      const { folder, name } = split(path);
      await volume.remove(folder, name);
    }
  }
}

async function edit(volume: ExtWriter, path: string, to: (text: string) => string): Promise<void> {
  // Byte by byte: what of it is not UTF-8 stays as it is.
  const text = await (await volume.files()).text(path, undefined, "latin1");
  if (text === undefined) throw new Unreadable(`${path} is not there any more`);
  const changed = to(text);
  if (changed === text) throw new Unreadable(`${path} is not as it was when the plan was made`);
  await volume.replace(path, Buffer.from(changed, "latin1"));
}

function split(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf("/");
  return { folder: path.slice(0, Math.max(0, at)), name: path.slice(at + 1) };
}

function preparedSource(source: BlockSource, disk: ChangedBytes, ranges: readonly ChangedRange[]): BlockSource {
  return {
    sizeBytes: source.sizeBytes,
    async *extents(options): AsyncGenerator<Extent> {
      if (options.sinceBaseline === preparedSince) yield* extentsOf(ranges);
      else yield { offset: 0, length: source.sizeBytes, kind: "data" };
    },
    async read(offset, target, signal) {
      // The site's hashes of leaves are those of what was there before, so it is left to compare them itself.
      await source.read(offset, target, signal);
      disk.overlay(offset, target);
    },
    close: () => source.close(),
  };
}

function extentsOf(ranges: readonly ChangedRange[]): Extent[] {
  const extents: { offset: number; length: number; kind: "data" }[] = [];
  for (const { offset, length } of ranges.toSorted((a, b) => a.offset - b.offset)) {
    const last = extents.at(-1);
    const end = offset + length;
    if (last && offset <= last.offset + last.length) last.length = Math.max(last.length, end - last.offset);
    else extents.push({ offset, length, kind: "data" });
  }
  return extents;
}

function byFile(ranges: readonly ChangedRange[]): ChangedFile[] {
  const files = new Map<string, { file: string; reason: string; ranges: [number, number][] }>();
  for (const { file, reason, offset, length } of ranges) {
    const key = JSON.stringify([file, reason]);
    const entry = files.get(key) ?? { file, reason, ranges: [] };
    files.set(key, entry);
    entry.ranges.push([offset, length]);
  }
  return [...files.values()];
}
