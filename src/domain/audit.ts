/** One line of the audit trail, as it is chained and exported. Plain JSON, never with a credential. */
export interface AuditEntry {
  readonly at: string;
  /** `user/<id>`, `token/<id>`, `workflow/<type>`, `schedule/<id>`, `system/<part>` or `anyone`. */
  readonly actor: string;
  readonly actorName?: string | undefined;
  /** Stable, for programs: `migration.finalize`, `activity.stopVm`. */
  readonly action: string;
  readonly resource: string;
  readonly requestId: string;
  readonly workflowId?: string | undefined;
  /** `asked` before anything happens, then `done` or the code of the failure. */
  readonly outcome: string;
  /** Where the request came from. */
  readonly address?: string | undefined;
  /** What was asked for. */
  readonly request?: unknown;
  /** The resource before and after, as far as it changed. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** An entry in its place, as it stands in the chain. */
export interface ChainedEntry {
  readonly sequence: number;
  /** SHA-256 in hex of: the hash before, a newline, the sequence, a newline, the entry. */
  readonly hash: string;
  /** Canonical JSON in snake_case. */
  readonly entry: string;
}

/** A signed end of the chain: what was there then can't be taken away unnoticed afterwards. */
export interface AuditCheckpoint {
  readonly sequence: number;
  readonly hash: string;
  readonly at: string;
  /** SHA-256 in hex of the public key. */
  readonly keyId: string;
  /** Ed25519, SPKI in PEM. */
  readonly publicKey: string;
  /** Over {@link checkpointText}, in base64. */
  readonly signature: string;
}

export function checkpointText({ sequence, hash, at }: Pick<AuditCheckpoint, "sequence" | "hash" | "at">): string {
  return `novacron-audit-checkpoint/1\n${sequence}\n${hash}\n${at}`;
}
