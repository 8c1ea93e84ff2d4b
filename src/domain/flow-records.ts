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

/** A VM, with everything that a record may call it beside its id: its name, its addresses. */
export interface NamedVm {
  readonly vmId: string;
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface Conversations {
  readonly inside: readonly Conversation[];
  readonly outside: readonly Conversation[];
  /** Records of which at least one end is one of the VMs. */
  readonly ofVms: number;
}

/** The records summed up: between two VMs, and between a VM and what is none. The most traffic comes first. A name that
 *  several VMs have says of none of them. */
export function conversationsOf(records: readonly FlowRecord[], vms: readonly NamedVm[]): Conversations {
  const named = namesOf(vms);
  const sums = new Map<string, { conversation: Conversation; ports: Set<number>; bytes?: number }>();
  let ofVms = 0;
  for (const { from, to, port, bytes } of records) {
    const [a, b] = [named.get(from), named.get(to)];
    if (!a && !b) continue;
    ofVms += 1;
    if (a === b) continue;
    const conversation = between(a ?? from, b ?? to);
    const key = JSON.stringify([conversation.vmId, conversation.peerId ?? null, conversation.peer]);
    const sum = sums.get(key) ?? { conversation, ports: new Set<number>() };
    if (port !== undefined) sum.ports.add(port);
    if (bytes !== undefined) sum.bytes = (sum.bytes ?? 0) + bytes;
    sums.set(key, sum);
  }
  const told = [...sums.values()]
    .map(({ conversation, ports, bytes }) => ({
      ...conversation,
      ports: [...ports].sort((x, y) => x - y),
      ...(bytes === undefined ? {} : { bytes }),
    }))
    .sort((x, y) => (y.bytes ?? 0) - (x.bytes ?? 0) || (`${x.vm} ${x.peer}` < `${y.vm} ${y.peer}` ? -1 : 1));
  return {
    inside: told.filter(({ peerId }) => peerId !== undefined),
    outside: told.filter(({ peerId }) => peerId === undefined),
    ofVms,
  };
}

/** In the order of their names, whoever asked; what is none of the VMs comes last. */
function between(a: NamedVm | string, b: NamedVm | string): Conversation {
  if (typeof a === "string") return between(b, a);
  if (typeof b === "string") return { vmId: a.vmId, vm: a.name, peer: b, ports: [] };
  const [vm, peer] = `${a.name} ${a.vmId}` < `${b.name} ${b.vmId}` ? [a, b] : [b, a];
  return { vmId: vm.vmId, vm: vm.name, peerId: peer.vmId, peer: peer.name, ports: [] };
}

function namesOf(vms: readonly NamedVm[]): ReadonlyMap<string, NamedVm> {
  const named = new Map<string, NamedVm>();
  const several = new Set<string>();
  for (const vm of vms) {
    for (const word of new Set([vm.name, ...vm.addresses])) {
      if (named.has(word)) several.add(word);
      else named.set(word, vm);
    }
  }
  for (const word of several) named.delete(word);
  for (const vm of vms) named.set(vm.vmId, vm);
  return named;
}

function refused(line: number, reason: string, action: string): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "read the flow records",
    resource: `line ${line}`,
    reason,
    action,
  });
}
