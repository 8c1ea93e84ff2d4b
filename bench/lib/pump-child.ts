import { sharedHashPool } from "../../src/transfer/hash-pool.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { NbdBlockSink } from "../../src/transfer/nbd/block-sink.ts";
import { NbdBlockSource } from "../../src/transfer/nbd/block-source.ts";
import { prove } from "../../src/transfer/proof.ts";
import { pump } from "../../src/transfer/pump.ts";

export type PumpRequest =
  | {
      readonly kind: "pump";
      readonly generationId: string;
      readonly source: string;
      readonly sink: string;
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
  const source = await NbdBlockSource.open({ path: request.source, exportName, baselines });
  open.defer(() => source.close());
  if (request.kind === "prove") {
    const { identical } = await prove({ source, checkpoint, manifestId: request.manifestId });
    return { ok: true, bytesCopied: 0, bytesResent: 0, identical, peakMemoryMib: peakMemoryMib() };
  }
  const sink = await NbdBlockSink.open({ path: request.sink, exportName });
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
