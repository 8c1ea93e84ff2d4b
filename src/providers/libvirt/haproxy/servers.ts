import type { Subject } from "../../failures.ts";
import type { PoolTarget, TargetState } from "../../traffic-facets.ts";
import { questionFailure } from "./failures.ts";
import type { RuntimeApi } from "./runtime-api.ts";

/** A server of a backend, out of two answers: neither has all of it. */
export interface Server {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly connections: number;
  readonly maintained: boolean;
  readonly drained: boolean;
  readonly checked: boolean;
  readonly checking: boolean;
  readonly state: TargetState;
  /** HAProxy's own words: `UP`, `DRAIN`, `no check`. */
  readonly status: string;
}

export type Row = Readonly<Record<string, string>>;

/** Bits of `srv_admin_state` and `srv_check_state`, and values of others ("show servers state"). */
const bits = { maintained: 0x01 | 0x02 | 0x04 | 0x20, drained: 0x08 | 0x10, checked: 0x02, checking: 0x04 } as const;
const operation = { down: 0, softStopping: 3 } as const;
const noResultYet = 0;

/** What "show stat" tells of everything. */
export async function statistics(api: RuntimeApi, subject: Subject, signal: AbortSignal): Promise<Row[]> {
  const answer = await api.ask(["show", "stat"], subject, signal);
  const failure = questionFailure(answer, subject);
  if (failure) throw failure;
  const [head = "", ...lines] = answer.split("\n");
  const names = csv(head.replace(/^# /, ""));
  return lines.filter((line) => line !== "").map((line) => rowOf(names, csv(line)));
}

/** @throws NotFound for a backend that is not there. */
export async function serversOf(
  api: RuntimeApi,
  backend: string,
  subject: Subject,
  signal: AbortSignal,
): Promise<Server[]> {
  const answer = await api.ask(["show", "servers", "state", backend], subject, signal);
  const failure = questionFailure(answer, subject);
  if (failure) throw failure;
  const [, head = "", ...lines] = answer.split("\n");
  const names = head.replace(/^# /, "").split(" ");
  const states = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const seen = new Map(
    (await statistics(api, subject, signal))
      .filter(({ pxname }) => pxname === backend)
      .map((row) => [row.svname ?? "", row]),
  );
  return states.map((line) => {
    const row = rowOf(names, line.split(" "));
    return toServer(row, seen.get(row.srv_name ?? ""));
  });
}

function toServer(row: Row, seen: Row | undefined): Server {
  const number = (name: string) => Number(row[name] ?? 0);
  const admin = number("srv_admin_state");
  const check = number("srv_check_state");
  const facts = {
    maintained: (admin & bits.maintained) !== 0,
    drained: (admin & bits.drained) !== 0,
    checked: (check & bits.checked) !== 0,
    checking: (check & bits.checking) !== 0,
  };
  const connections = Number(seen?.scur ?? 0);
  return {
    name: row.srv_name ?? "",
    address: row.srv_addr ?? "",
    port: number("srv_port"),
    weight: number("srv_uweight"),
    connections,
    ...facts,
    state: stateOf(facts, number("srv_op_state"), number("srv_check_result"), connections),
    status: seen?.status ?? "",
  };
}

function stateOf(
  { maintained, drained, checking }: Pick<Server, "maintained" | "drained" | "checking">,
  operational: number,
  result: number,
  connections: number,
): TargetState {
  if (maintained) return "unused";
  if (drained || operational === operation.softStopping) return connections > 0 ? "draining" : "drained";
  if (!checking) return "unknown";
  if (operational === operation.down) return "unhealthy";
  return result === noResultYet ? "starting" : "healthy";
}

export function toTarget({ name, address, port, state, status, connections }: Server): PoolTarget {
  return { targetId: name, shareId: name, address, port, state, ...(status !== "" && { reason: status }), connections };
}

/** One line of HAProxy's CSV. */
function csv(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)]
    .slice(0, -1)
    .map(([, field = ""]) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
}

function rowOf(names: readonly string[], values: readonly string[]): Row {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
}
