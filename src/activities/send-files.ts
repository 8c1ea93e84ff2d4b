import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { GroupPoint, GroupPointDisk } from "../domain/group-point.ts";
import type { FilesHead, FilesToSend, SentFiles } from "../domain/restored-files.ts";
import type { GuestEntry, GuestFiles } from "../transfer/inspect/guest-files.ts";
import type { BlockSource } from "../transfer/ports.ts";
import type { ActivityDeps } from "./deps.ts";

const chunkBytes = 1024 * 1024;
/** Chunks on their way: what the store holds of it at most. */
const mostUnread = 8;
const lookEveryMs = 25;
/** A reader that takes nothing for so long is gone. */
const patienceMs = 60_000;
const maxBytes = 64 * 1024 ** 3;
const maxEntries = 200_000;
const maxMs = 6 * 3_600_000;

export function sendFilesActivities({ registry, store, transfer, settings }: ActivityDeps) {
  return {
    /** Reads a file or a folder out of a recovery point and sends it through a pipe to whoever reads that. The point is only
     *  read; what is on its way is gone with this call. */
    async sendFiles(input: FilesToSend): Promise<SentFiles> {
      const signal = Context.current().cancellationSignal;
      const pipe = new Pipe(store.filePipe, input.pipeId, signal);
      try {
        await using resources = new AsyncDisposableStack();
        const point = await offered(input.pointId);
        const { files, head } = await find(input, point, resources, signal);
        await pipe.put(Buffer.from(JSON.stringify(head)));
        for await (const bytes of contentOf(files, head)) await pipe.write(bytes);
        await pipe.end();
        return { bytes: pipe.bytes, leftOut: files.leftOut };
      } finally {
        await store.filePipe.clear(input.pipeId);
      }
    },
  };

  async function offered(pointId: string): Promise<GroupPoint> {
    const point = await store.groupPoints.get(pointId);
    if (point?.state === "complete") return point;
    const reason = `it is ${point?.state ?? "not in the catalogue"}`;
    throw refusal("Conflict", pointId, reason, "See novacron protection points, and choose another one.");
  }

  /** On the disk that is named, or the first one that has it. */
  async function find(
    input: FilesToSend,
    point: GroupPoint,
    resources: AsyncDisposableStack,
    signal: AbortSignal,
  ): Promise<{ files: GuestFiles; head: FilesHead }> {
    const { position, diskId, path, volume } = input;
    const { pointId, to: site } = point;
    if (settings(site).ownWorkersOnly) {
      const reason = `only its own workers reach ${site}, and they send no files`;
      throw refusal("UnsupportedCapability", pointId, reason, "Restore the VM there, and take them from it.");
    }
    const vm = point.vms.find((each) => each.position === position);
    const { disks } = await registry.provider(site);
    const reasons: string[] = [];
    for (const disk of vm?.disks.filter((each) => diskId === undefined || each.diskId === diskId) ?? []) {
      const source = await disks.openPoint(disk.generationId, signal);
      try {
        const files = await look(source, disk, { path, ...(volume === undefined ? {} : { volume }) }, signal);
        resources.defer(() => source.close());
        const { name, kind, sizeBytes, volume: found, inUse } = files;
        const size = kind === "file" ? { sizeBytes } : {};
        const takenAt = vm?.takenAt ?? "";
        return { files, head: { name, kind, ...size, diskId: disk.diskId, volume: found, takenAt, inUse } };
      } catch (error) {
        await source.close();
        if (!isProviderError(error, "NotFound")) throw error;
        reasons.push(`${disk.diskId} (${error.details.reason})`);
      }
    }
    const reason = reasons.join("; ") || `it has no disk ${diskId ?? ""}`;
    throw refusal("NotFound", pointId, reason, "Name another path, disk or volume, or restore the VM.");
  }

  function look(
    source: BlockSource,
    { generationId }: GroupPointDisk,
    wanted: { path: string; volume?: string },
    signal: AbortSignal,
  ): Promise<GuestFiles> {
    const resource = `recovery-point/${generationId}`;
    return transfer.openGuestFiles(source, wanted, { resource, signal, maxBytes, maxEntries, maxMs });
  }

  async function* contentOf(files: GuestFiles, { kind, takenAt }: FilesHead): AsyncGenerator<Buffer> {
    if (kind === "folder") yield* transfer.tar(withNote(files), new Date(takenAt));
    else for await (const { content } of files.entries()) yield* content();
  }
}

/** Whoever unpacks it sees that something is missing. */
async function* withNote(files: GuestFiles): AsyncGenerator<GuestEntry> {
  yield* files.entries();
  if (files.leftOut === 0) return;
  const text = `${files.leftOut} of what is in it can't be in an archive that anybody may unpack: links that lead out of it, devices, sockets.\n`;
  const bytes = Buffer.from(text);
  const content = async function* () {
    yield bytes;
  };
  yield { path: `${files.name}.left-out.txt`, kind: "file", sizeBytes: bytes.length, content };
}

function refusal(
  code: "Conflict" | "NotFound" | "UnsupportedCapability",
  pointId: string,
  reason: string,
  action: string,
): ProviderError {
  return new ProviderError(code, { operation: "restore files", resource: `group-point/${pointId}`, reason, action });
}

/** Gathers small pieces, and waits for the reader. */
class Pipe {
  bytes = 0;
  readonly #pipe: ActivityDeps["store"]["filePipe"];
  readonly #pipeId: string;
  readonly #signal: AbortSignal;
  #sequence = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(pipe: ActivityDeps["store"]["filePipe"], pipeId: string, signal: AbortSignal) {
    this.#pipe = pipe;
    this.#pipeId = pipeId;
    this.#signal = signal;
  }

  async write(bytes: Buffer): Promise<void> {
    this.bytes += bytes.length;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= chunkBytes) await this.#flush();
  }

  /** As a chunk of its own. */
  async put(bytes: Buffer): Promise<void> {
    await this.#until((unread) => unread < mostUnread);
    await this.#pipe.put(this.#pipeId, this.#sequence, bytes);
    this.#sequence += 1;
  }

  /** Returns when all was read. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#pipe.end(this.#pipeId, this.#sequence);
    await this.#until((unread) => unread === 0);
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.put(bytes);
  }

  async #until(enough: (unread: number) => boolean): Promise<void> {
    let seen: number | undefined;
    for (let deadline = Date.now() + patienceMs; ; await sleep(lookEveryMs, undefined, { signal: this.#signal })) {
      const unread = await this.#pipe.unread(this.#pipeId);
      if (enough(unread)) return;
      if (seen === undefined || unread < seen) deadline = Date.now() + patienceMs;
      seen = unread;
      if (Date.now() > deadline) throw unreadForLong(this.#pipeId);
    }
  }
}

function unreadForLong(pipeId: string): ProviderError {
  return new ProviderError("Timeout", {
    operation: "restore files",
    resource: `pipe/${pipeId}`,
    reason: `nobody read on for ${patienceMs / 1000} s`,
    action: "Ask for them again.",
  });
}
