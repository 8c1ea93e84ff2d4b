import { sharedHashPool } from "../../src/transfer/hash-pool.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { NbdBlockSink } from "../../src/transfer/nbd/block-sink.ts";
import { NbdBlockSource, type NbdSourceOptions } from "../../src/transfer/nbd/block-source.ts";
import type { BlockSink, BlockSource } from "../../src/transfer/ports.ts";
import { prove } from "../../src/transfer/proof.ts";
import { pump } from "../../src/transfer/pump.ts";
import type { NullDisk } from "./clouds/end.ts";
import { type CloudName, cloudEnds } from "./clouds/index.ts";

/** The socket of an NBD export, or a disk at a cloud's null end. */
export type Place = string | (NullDisk & { readonly cloud: CloudName });

export type PumpRequest =
  | {
      readonly kind: "pump";
      readonly generationId: string;
      readonly source: Place;
      readonly sink: Place;
      /** Moves what this bitmap of the source says. */
      readonly since?: { readonly bitmap: string; readonly parentManifestId: string };
    }
  | { readonly kind: "prove"; readonly manifestId: string; readonly source: string };

export type PumpReply =
  | {
      readonly ok: true;
      readonly bytesCopied: number;
      readonly bytesResent: number;
      readonly identical: boolean;
      readonly peakMemoryMib: number;
    }
  | { readonly ok: false; readonly error: string };

const exportName = "disk";
const checkpoint = new MemoryCheckpointStore();

async function answer(request: PumpRequest): Promise<PumpReply> {
  await using open = new AsyncDisposableStack();
  const baselines =
    request.kind === "pump" && request.since
      ? { since: { kind: "dirty-bitmap" as const, bitmap: request.since.bitmap } }
      : undefined;
  const source = await openSource(request.source, baselines);
  open.defer(() => source.close());
  if (request.kind === "prove") {
    const { identical } = await prove({ source, checkpoint, manifestId: request.manifestId });
    return { ok: true, bytesCopied: 0, bytesResent: 0, identical, peakMemoryMib: peakMemoryMib() };
  }
  const sink = await openSink(request.sink);
  open.defer(() => sink.close());
  const { generationId, since } = request;
  const parentManifestId = since?.parentManifestId;
  const state = await checkpoint.beginAttempt({ generationId, sizeBytes: source.sizeBytes, parentManifestId });
  const sinceBaseline = since && "since";
  const result = await pump({ source, sink, checkpoint, state, sinceBaseline, parentManifestId });
  await checkpoint.seal({ generationId, attempt: state.attempt, rootHash: result.rootHash });
  const { bytesCopied, bytesResent } = result;
  return { ok: true, bytesCopied, bytesResent, identical: true, peakMemoryMib: peakMemoryMib() };
}

async function openSource(place: Place, baselines?: NbdSourceOptions["baselines"]): Promise<BlockSource> {
  if (typeof place === "string") return NbdBlockSource.open({ path: place, exportName, baselines });
  return cloudEnds[place.cloud].source(place);
}

async function openSink(place: Place): Promise<BlockSink> {
  if (typeof place === "string") return NbdBlockSink.open({ path: place, exportName });
  return cloudEnds[place.cloud].sink(place);
}

function peakMemoryMib(): number {
  return process.resourceUsage().maxRSS / 1024;
}

process.on("message", (request: PumpRequest) => {
  void answer(request)
    .catch(
      (error: unknown): PumpReply => ({ ok: false, error: error instanceof Error ? error.message : String(error) }),
    )
    .then((reply) => process.send?.(reply));
});
// A worker's threads are up long before its first copy.
await sharedHashPool().warmUp();
process.send?.({ ok: true, bytesCopied: 0, bytesResent: 0, identical: true, peakMemoryMib: 0 } satisfies PumpReply);
