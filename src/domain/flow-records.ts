import type { Conversation } from "./assessment.ts";
import { ProviderError } from "./errors.ts";

export interface FlowRecord {
  readonly from: string;
  readonly to: string;
  readonly port?: number;
  readonly bytes?: number;
}

const columns = ["from", "to", "port", "bytes"] as const;
type Column = (typeof columns)[number];

/**
 * Who talked to whom: a head line that names the columns `from`, `to`, `port`, `bytes` in any order, commas between the
 * fields, lines that begin with `#` don't count. Ends are names, ids or addresses.
 * @throws ProviderError InvalidInput naming the line.
 */
export function readFlowRecords(csv: string): FlowRecord[] {
  const lines = csv
    .split(/\r\n|\n|\r/)
    .map((text, index) => ({ number: index + 1, text: text.replace(/^\uFEFF/, "").trim() }))
    .filter(({ text }) => text !== "" && !text.startsWith("#"));
  const [head, ...rest] = lines;
  if (!head) throw refused(1, "there is no head line", `Begin with a line such as ${columns.join(",")}.`);
  const names = head.text.split(",").map((field) => field.trim().toLowerCase());
  const unknown = names.find((field) => !columns.some((column) => column === field));
  if (unknown !== undefined) throw refused(head.number, `there is a column ${unknown}`, `Use ${columns.join(", ")}.`);
  for (const needed of ["from", "to"] as const) {
    if (!names.includes(needed)) throw refused(head.number, `there is no column ${needed}`, "Name both ends.");
  }
  return rest.map(({ number, text }) => {
    const fields = text.split(",").map((field) => field.trim());
    if (fields.length > names.length) {
      throw refused(number, `it has ${fields.length} fields for ${names.length} columns`, "Correct the line.");
    }
    const value = (column: Column): string => fields[names.indexOf(column)] ?? "";
    const [from, to] = [value("from"), value("to")];
    if (from === "" || to === "") throw refused(number, "it names one end only", "Fill in both, or take it out.");
    const port = count(value("port"), "port", number);
    const bytes = count(value("bytes"), "bytes", number);
    return { from, to, ...(port === undefined ? {} : { port }), ...(bytes === undefined ? {} : { bytes }) };
  });
}

function count(text: string, column: Column, line: number): number | undefined {
  if (text === "") return undefined;
  if (/^\d{1,15}$/.test(text) && (column !== "port" || Number(text) <= 65_535)) return Number(text);
  throw refused(line, `${text} is no ${column}`, "Write a whole number, or leave it empty.");
}

/** An end of a record, with the name of the VM where it is one of ours. */
export interface NamedVm {
  readonly name: string;
  /** Everything that a record may call it: its name, its id, its addresses. */
  readonly calledAlso: readonly string[];
}

export interface Conversations {
  readonly inside: readonly Conversation[];
  readonly outside: readonly Conversation[];
  /** Records of which at least one end is one of the VMs. */
  readonly ofVms: number;
}

/** The records summed up: between two VMs, and between a VM and what is none. The most traffic comes first. */
export function conversationsOf(records: readonly FlowRecord[], vms: readonly NamedVm[]): Conversations {
  const named = new Map(
    vms.flatMap(({ name, calledAlso }) => [name, ...calledAlso].map((word) => [word, name] as const)),
  );
  const sums = new Map<string, { vm: string; peer: string; ports: Set<number>; bytes?: number; inside: boolean }>();
  let ofVms = 0;
  for (const { from, to, port, bytes } of records) {
    const ends = [named.get(from), named.get(to)] as const;
    if (ends[0] === undefined && ends[1] === undefined) continue;
    ofVms += 1;
    if (ends[0] === ends[1]) continue;
    const inside = ends[0] !== undefined && ends[1] !== undefined;
    const [ours, theirs] = ends[0] === undefined ? [ends[1] as string, from] : [ends[0], ends[1] ?? to];
    const [vm, peer] = inside && theirs < ours ? [theirs, ours] : [ours, theirs];
    const key = JSON.stringify([vm, peer, inside]);
    const sum = sums.get(key) ?? { vm, peer, ports: new Set<number>(), inside };
    if (port !== undefined) sum.ports.add(port);
    if (bytes !== undefined) sum.bytes = (sum.bytes ?? 0) + bytes;
    sums.set(key, sum);
  }
  const told = [...sums.values()]
    .sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0) || (`${a.vm} ${a.peer}` < `${b.vm} ${b.peer}` ? -1 : 1))
    .map(({ vm, peer, ports, bytes, inside }) => ({
      inside,
      conversation: {
        vm,
        peer,
        ports: [...ports].sort((a, b) => a - b),
        ...(bytes === undefined ? {} : { bytes }),
      } satisfies Conversation,
    }));
  const those = (wanted: boolean) =>
    told.filter(({ inside }) => inside === wanted).map(({ conversation }) => conversation);
  return { inside: those(true), outside: those(false), ofVms };
}

function refused(line: number, reason: string, action: string): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "read the flow records",
    resource: `line ${line}`,
    reason,
    action,
  });
}
