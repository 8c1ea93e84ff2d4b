// Long because a copy, its seal and its proof are one thing to whoever moves a disk.
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { CopyDiskParameters } from "../domain/migration-parts.ts";
import { allowance, bandwidthAt, isAllowed } from "../domain/move-hours.ts";
import { rankOf } from "../domain/rate-shares.ts";
import { tagKeys } from "../domain/vm.ts";
import type { DisksFacet } from "../providers/provider.ts";
import type { BlockSource, GenerationState, TransferProgress } from "../transfer/ports.ts";
import type { ProofResult } from "../transfer/proof.ts";
import type { SiteDeps } from "./deps.ts";

export interface CopyDiskResult {
  readonly attempt: number;
  readonly bytesCopied: number;
  readonly bytesResent: number;
  /** Absent where no link of ours was between the two. */
  readonly bytesOnWire?: number;
  readonly rootHash: string;
  /** Of what this attempt sent, in bits a byte; where it was to be measured, and something was sent. */
  readonly entropy?: number;
  /** Nothing differs from the point that it is built on: no generation was opened. */
  readonly unchanged?: true;
}

export interface DiskMove {
  readonly migrationId: string;
  readonly from: string;
  readonly to: string;
  readonly sourcePointId: string;
  /** It is read from that recovery point instead, by a worker that reaches both sites. */
  readonly fromPoint?: string;
  readonly generationId: string;
  readonly copy: CopyDiskParameters;
  readonly measuresEntropy?: boolean;
  /** Where nothing differs from the point that it is built on, that is all there is to it. */
  readonly sharesUnchanged?: boolean;
}

/** As the checkpoints count them. */
const firstAttempt = 1;

type CopyEnd = Pick<DisksFacet, "openGeneration" | "openSource">;

interface PumpEnds {
  readonly source: CopyEnd;
  readonly target: CopyEnd;
  readonly resources: AsyncDisposableStack;
  readonly rest: RestOutsideHours | undefined;
  /** What the first attempt has looked through already. */
  readonly looked?: LookedThrough | undefined;
}

/** An open source, and up to which byte nothing of it differs from what the copy is built on. */
interface LookedThrough {
  readonly source: BlockSource;
  readonly unchangedBytes: number | "all";
}

/** Of a copy that can wait because its source runs on: it moves nothing outside of its allowed hours. */
export interface RestOutsideHours {
  /** Told again and again while it rests, until when (milliseconds, where that is known); true when it is to go on all the
   *  same. */
  rests(until: number | undefined): Promise<boolean>;
  /** Told before it goes on. */
  goesOn(): Promise<void>;
}

/** Moves whole disks: what the steps of a migration and the rounds of a replication have in common. */
export class DiskMoves {
  readonly #deps: SiteDeps;

  constructor(deps: SiteDeps) {
    this.#deps = deps;
  }

  /** Pumps one disk into its generation; a new attempt goes on from what is durable and shuts earlier ones out. */
  async copy(
    move: DiskMove,
    signal: AbortSignal,
    onProgress?: (progress: TransferProgress) => void,
    rest?: RestOutsideHours,
  ): Promise<CopyDiskResult> {
    const { store } = this.#deps;
    const { generationId, copy } = move;
    const [source, target] = await Promise.all([
      this.#disksAt(move.from, generationId),
      this.#disksAt(move.to, generationId),
    ]);
    const sealed = await store.checkpoints.state(generationId);
    if (sealed?.sealed && sealed.rootHash) {
      return resultOf(sealed.attempt, { ...sealed.progress, rootHash: sealed.rootHash });
    }
    await using resources = new AsyncDisposableStack();
    const looked = sealed ? undefined : await this.#lookThrough(move, source, resources, signal);
    if (looked?.unchangedBytes === "all") return this.#unchanged(copy);
    const parentManifestId = copy.base?.parentManifestId;
    const { targetSizeBytes: sizeBytes } = copy;
    const state = await store.checkpoints.beginAttempt({ generationId, sizeBytes, parentManifestId });
    try {
      return await this.#pump(move, state, { source, target, resources, rest, looked }, signal, onProgress);
    } catch (error) {
      throw await this.#takenOver(generationId, state.attempt, error);
    }
  }

  /** Before anything is opened at the target, which may take a machine there: whether there is anything to move. */
  async #lookThrough(
    move: DiskMove,
    end: CopyEnd,
    resources: AsyncDisposableStack,
    signal: AbortSignal,
  ): Promise<LookedThrough | undefined> {
    const { base, tracking, targetSizeBytes } = move.copy;
    if (!move.sharesUnchanged || !base || base.also) return undefined;
    const { store, transfer } = this.#deps;
    const source = await this.#openSource(move, end, firstAttempt, signal);
    resources.defer(() => source.close());
    const unchangedBytes = await transfer.unchangedUntil({
      source: transfer.padSource(source, targetSizeBytes),
      checkpoint: store.checkpoints,
      parentManifestId: base.parentManifestId,
      sinceBaseline: tracking === "hash-compare" ? undefined : base.baselineId,
      signal,
    });
    return { source, unchangedBytes: unchangedBytes ?? "all" };
  }

  async #unchanged({ base }: CopyDiskParameters): Promise<CopyDiskResult> {
    const { rootHash } = await this.manifestOf(base?.parentManifestId ?? "");
    return { attempt: 0, rootHash, bytesCopied: 0, bytesResent: 0, unchanged: true };
  }

  /**
   * Who took over may be an attempt that the engine had given up: handed to a worker that hung, begun when that went on.
   * So the one that lost is to be tried again, and shuts the other out; if it was given up itself, nobody listens to it.
   */
  async #takenOver(generationId: string, attempt: number, error: unknown): Promise<unknown> {
    if (!isProviderError(error, "Conflict")) return error;
    const now = await this.#deps.store.checkpoints.state(generationId);
    if (!now || now.attempt <= attempt) return error;
    return new ProviderError("Unavailable", {
      operation: "copy a disk",
      resource: `generation/${generationId}`,
      reason: "another attempt began meanwhile",
      action: "Nothing: it is tried again, and goes on from what is durable.",
      cause: error,
    });
  }

  async #pump(
    move: DiskMove,
    state: GenerationState,
    { source, target, resources, rest, looked }: PumpEnds,
    signal: AbortSignal,
    onProgress?: (progress: TransferProgress) => void,
  ): Promise<CopyDiskResult> {
    const { store, transfer } = this.#deps;
    const { generationId, migrationId, copy } = move;
    const parentManifestId = copy.base?.parentManifestId;
    const { targetSizeBytes: sizeBytes, replicaId, encryptionKey } = copy;
    const { attempt } = state;
    const tags = { [tagKeys.managed]: "true", [tagKeys.migration]: migrationId };
    const replica = { replicaId, sizeBytes, encryptionKey, tags };
    const parentPointId = copy.base?.parentPointId;
    // A later attempt has shut the look out, and looks at the whole itself.
    const seen = attempt === firstAttempt ? looked : undefined;
    const opening = target.openGeneration({ replica, generationId, parentPointId, attempt }, signal);
    const [sink, blocks] = seen
      ? [resources.adopt(await opening, (opened) => opened.close()), seen.source]
      : await both(resources, opening, this.#openSource(move, source, attempt, signal));
    let left = copy.expectedBytes ?? copy.allocatedBytes;
    const limiter = this.#limiter(move, attempt, rest, () => rankOf(rest ? "running" : "stopped", left));
    if (limiter) resources.defer(() => limiter.close());
    const meter = move.measuresEntropy ? transfer.entropyMeter() : undefined;
    const watch = this.#deps.copies?.began(move, state.progress);
    resources.defer(async () => watch?.ended());
    const whole = transfer.padSource(blocks, sizeBytes);
    const padded = typeof seen?.unchangedBytes === "number" ? transfer.movedFrom(whole, seen.unchangedBytes) : whole;
    const result = await transfer.pump({
      source: copy.base?.also ? transfer.alsoChanged(padded, copy.base.also) : padded,
      sink,
      checkpoint: store.checkpoints,
      state,
      sinceBaseline: copy.tracking === "hash-compare" ? undefined : copy.base?.baselineId,
      compareWithParent: copy.tracking === "hash-compare",
      parentManifestId,
      limiter,
      ...(meter ? { meter } : {}),
      onProgress(progress) {
        left = progress.bytesToMove - progress.bytesCopied;
        watch?.moved(progress);
        onProgress?.(progress);
      },
      signal,
    });
    watch?.moved(result);
    await store.checkpoints.seal({ generationId, attempt, rootHash: result.rootHash });
    const entropy = meter?.bitsPerByte;
    return { ...resultOf(attempt, result), ...(entropy === undefined ? {} : { entropy }) };
  }

  async #openSource(
    { from, sourcePointId, fromPoint, copy: { diskId } }: DiskMove,
    source: CopyEnd,
    attempt: number,
    signal: AbortSignal,
  ): Promise<BlockSource> {
    if (fromPoint === undefined) return source.openSource({ sourcePointId, diskId, attempt }, signal);
    const { disks } = await this.#deps.registry.provider(from);
    return disks.openPoint(fromPoint, signal);
  }

  async #disksAt(site: string, generationId: string): Promise<CopyEnd> {
    return this.#deps.peers?.disks(site, generationId) ?? (await this.#deps.registry.provider(site)).disks;
  }

  #limiter(
    { from, to, generationId, copy }: DiskMove,
    attempt: number,
    rest: RestOutsideHours | undefined,
    rank: () => number,
  ) {
    const { store, transfer } = this.#deps;
    const { bandwidthBytesPerSecond, hours } = copy;
    const limiterFor = (bytesPerSecond: number) =>
      transfer.createBandwidthLimiter({
        leases: store.leases,
        resource: `link:${from}/${to}`,
        holder: `${generationId}/${attempt}`,
        bytesPerSecond,
        rank,
      });
    if (hours) {
      return transfer.createHoursLimiter({
        openAt: (at) => rest === undefined || isAllowed(hours, at),
        rateAt: (at) => bandwidthAt(hours, bandwidthBytesPerSecond, at),
        limiterFor,
        onClosed: async () => rest === undefined || (await rest.rests(allowance(hours, Date.now()).changes)),
        onOpen: async () => rest?.goesOn(),
      });
    }
    return bandwidthBytesPerSecond === undefined ? undefined : limiterFor(bandwidthBytesPerSecond);
  }

  /** Makes a generation immutable at the target and files the point under its manifest. */
  async seal(
    input: {
      site: string;
      replicaId: string;
      generationId: string;
      attempt: number;
      lineage: string;
      diskId: string;
      migrationId: string;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { registry, store } = this.#deps;
    const { site, replicaId, generationId, attempt, lineage, diskId, migrationId } = input;
    const { disks } = await registry.provider(site);
    const { rootHash, leavesWritten } = await this.manifestOf(generationId);
    const point = await disks.sealGeneration({ replicaId, generationId, attempt, leavesWritten }, signal);
    const { pointId, sizeBytes, createdAt, kind } = point;
    const manifestId = generationId;
    const row = { pointId, site, kind, lineage, diskId, sizeBytes, manifestId, rootHash, migrationId, createdAt };
    await store.points.record(row);
  }

  /** Reads a sealed point back at the target and holds it against its manifest: every leaf, or those that this
   *  generation wrote on top of a parent that was proven itself. */
  async reread(
    input: { site: string; pointId: string; manifestId: string; only?: "written" },
    signal: AbortSignal,
    onProgress?: (progress: unknown) => void,
  ): Promise<ProofResult> {
    const { registry, store, transfer } = this.#deps;
    const { disks } = await registry.provider(input.site);
    await using resources = new AsyncDisposableStack();
    const source = await disks.openPoint(input.pointId, signal);
    resources.defer(() => source.close());
    const { manifestId, only } = input;
    // Awaited here: the source closes with this scope.
    return await transfer.prove({ source, checkpoint: store.checkpoints, manifestId, only, onProgress, signal });
  }

  /** The same as a step: bytes that differ end the move. */
  async prove(
    input: { site: string; pointId: string; manifestId: string; only?: "written" },
    signal: AbortSignal,
    onProgress?: (progress: unknown) => void,
  ): Promise<{ bytesReread: number }> {
    const verdict = await this.reread(input, signal, onProgress);
    if (verdict.identical) return { bytesReread: verdict.bytesReread };
    throw new ProviderError("IntegrityFailure", {
      operation: "prove the copy",
      resource: `${input.site}/recovery-point/${input.pointId}`,
      reason: `${verdict.differing.length} extent(s) differ from what the source gave, first at byte ${verdict.differing[0]?.offset}`,
      action: "Both sides are kept. Check the target's storage, then roll the migration back and move again.",
      facts: { differing: verdict.differing.slice(0, 100) },
    });
  }

  /** Root and size in written leaves of a sealed manifest. */
  async manifestOf(manifestId: string): Promise<{ rootHash: string; leavesWritten: number; sizeBytes: number }> {
    const state = await this.#deps.store.checkpoints.state(manifestId);
    if (state?.sealed && state.rootHash) {
      const { rootHash, sizeBytes } = state;
      return { rootHash, sizeBytes, leavesWritten: state.progress.leavesWritten };
    }
    throw new ProviderError("Conflict", {
      operation: "file a recovery point",
      resource: `manifest/${manifestId}`,
      reason: "its manifest is not sealed",
      action: "Copy the disk again; roll the migration back to start anew.",
    });
  }
}

/** Both ends at once; of two of which one fails the other is closed, too. */
async function both<A extends { close(): Promise<void> }, B extends { close(): Promise<void> }>(
  resources: AsyncDisposableStack,
  first: Promise<A>,
  second: Promise<B>,
): Promise<[A, B]> {
  await Promise.allSettled(
    [first, second].map(async (opening) => {
      const end = await opening;
      resources.defer(() => end.close());
    }),
  );
  return Promise.all([first, second]);
}

function resultOf(attempt: number, moved: TransferProgress & { readonly rootHash: string }): CopyDiskResult {
  const { bytesCopied, bytesResent, bytesOnWire, rootHash } = moved;
  return { attempt, rootHash, bytesCopied, bytesResent, ...(bytesOnWire === undefined ? {} : { bytesOnWire }) };
}
