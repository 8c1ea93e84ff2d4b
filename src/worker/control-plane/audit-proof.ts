import { createHash, createPublicKey, verify } from "node:crypto";
import { type AuditCheckpoint, type ChainedEntry, checkpointText } from "../../domain/audit.ts";
import { ProviderError } from "../../domain/errors.ts";
import type { Store } from "../../store/index.ts";

const genesis = "0".repeat(64);
/** As many as a page has. */
const together = 200;

export interface AuditProof {
  readonly entries: number;
  /** Signed ends that the chain agrees with. */
  readonly signedEnds: number;
}

/** Computes the whole chain again and holds it against its signed ends. @throws ProviderError IntegrityFailure saying where it differs. */
export async function proveAudit(audit: Pick<Store["audit"], "chain" | "checkpoints">): Promise<AuditProof> {
  const ends = await signedEnds(audit);
  let last: Pick<ChainedEntry, "sequence" | "hash"> = { sequence: 0, hash: genesis };
  let signed = 0;
  for await (const { sequence, hash, entry } of audit.chain()) {
    const computed = createHash("sha256").update(`${last.hash}\n${sequence}\n${entry}`).digest("hex");
    if (sequence !== last.sequence + 1 || computed !== hash)
      throw differs(sequence, "it is not the one that was chained");
    const end = ends.get(sequence);
    if (end && (end.hash !== hash || !isSigned(end)))
      throw differs(sequence, `it is not the one that was signed at ${end.at}`);
    if (end) signed += 1;
    last = { sequence, hash };
  }
  if (signed < ends.size) throw differs(last.sequence + 1, "entries are missing that were there and signed");
  return { entries: last.sequence, signedEnds: signed };
}

async function signedEnds(audit: Pick<Store["audit"], "checkpoints">): Promise<ReadonlyMap<number, AuditCheckpoint>> {
  const found = new Map<number, AuditCheckpoint>();
  let cursor: string | undefined;
  do {
    const page = await audit.checkpoints({ cursor, limit: together });
    for (const end of page.items) found.set(end.sequence, end);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

function isSigned(end: AuditCheckpoint): boolean {
  const signature = Buffer.from(end.signature, "base64");
  return verify(null, Buffer.from(checkpointText(end)), createPublicKey(end.publicKey), signature);
}

function differs(sequence: number, reason: string): ProviderError {
  return new ProviderError("IntegrityFailure", {
    operation: "prove the audit trail",
    resource: `audit/${sequence}`,
    reason,
    action: "Keep this backup, and recover from one before it (--backup).",
  });
}
