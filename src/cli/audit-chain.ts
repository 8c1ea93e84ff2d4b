import { createHash, createPublicKey, verify } from "node:crypto";
import type { Schemas } from "./client.ts";

export type Checkpoint = Schemas["AuditCheckpoint"];
export interface Record {
  readonly sequence: number;
  readonly hash: string;
  readonly entry: unknown;
}

export interface Fault {
  /** Where in the chain. */
  readonly sequence: number;
  readonly what: string;
}

export interface Verdict {
  readonly entries: number;
  readonly last: { readonly sequence: number; readonly hash: string };
  readonly checkpoints: number;
  readonly faults: readonly Fault[];
}

const genesis = "0".repeat(64);
const mostFaults = 100;

/**
 * Computes the whole chain again and compares it with the signed ends. Each fault is told where it is: the row after an
 * altered one is judged by the hash that stands before it, so that one alteration is one fault.
 */
export async function verifyChain(
  records: AsyncIterable<Record>,
  signed: readonly Checkpoint[],
  trustedKey: string | undefined,
): Promise<Verdict> {
  const faults: Fault[] = [];
  const fault = (sequence: number, what: string) => faults.length < mostFaults && faults.push({ sequence, what });
  const ends = Map.groupBy(checkSignatures(signed, trustedKey, fault), ({ sequence }) => sequence);
  let [entries, last] = [0, { sequence: 0, hash: genesis }];
  for await (const { sequence, hash, entry } of records) {
    const next = last.sequence + 1;
    if (sequence > next) {
      fault(next, sequence === next + 1 ? "an entry is missing" : `entries ${next} to ${sequence - 1} are missing`);
    } else if (sequence < next) fault(sequence, "an entry stands in the wrong place");
    else if (hashOf(last.hash, sequence, entry) !== hash) fault(sequence, "the entry is not the one that was chained");
    for (const end of ends.get(sequence) ?? []) {
      if (end.hash !== hash) fault(sequence, `the chain up to here is not the one that was signed at ${end.at}`);
    }
    entries += 1;
    last = { sequence, hash };
  }
  const newest = [...ends.keys()].reduce((most, sequence) => Math.max(most, sequence), 0);
  if (newest > last.sequence) {
    fault(last.sequence + 1, `the end is missing: entries up to ${newest} were there and signed`);
  }
  return { entries, last, checkpoints: signed.length, faults };
}

function checkSignatures(
  signed: readonly Checkpoint[],
  trustedKey: string | undefined,
  fault: (sequence: number, what: string) => unknown,
): readonly Checkpoint[] {
  const wanted = trustedKey === undefined ? undefined : keyIdOf(trustedKey);
  return signed.filter((end) => {
    const { sequence, hash, at, public_key: publicKey, signature } = end;
    const text = Buffer.from(`novacron-audit-checkpoint/1\n${sequence}\n${hash}\n${at}`);
    const key = trustedKey ?? publicKey;
    if (wanted !== undefined && keyIdOf(publicKey) !== wanted) {
      fault(sequence, "the chain's end is signed with another key than the trusted one");
      return false;
    }
    if (verify(null, text, createPublicKey(key), Buffer.from(signature, "base64"))) return true;
    fault(sequence, "the signature of the chain's end is not valid");
    return false;
  });
}

function keyIdOf(publicKey: string): string {
  const pem = createPublicKey(publicKey).export({ type: "spki", format: "pem" }).toString();
  return createHash("sha256").update(pem).digest("hex");
}

function hashOf(before: string, sequence: number, entry: unknown): string {
  return createHash("sha256")
    .update(`${before}\n${sequence}\n${canonical(entry)}`)
    .digest("hex");
}

/** Keys sorted at every level, nothing in between: the text that was hashed. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
