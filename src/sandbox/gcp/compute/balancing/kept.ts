import type { GcpCloud } from "../../cloud.ts";
import { alreadyExists, GcpError, inUse, notFound } from "../../errors.ts";
import { projectId } from "../../places.ts";
import { descriptionOf } from "../../texts.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "../call.ts";
import { find } from "../find.ts";
import { fingerprint, newNumericId } from "../ids.ts";
import { checkName, link, scopeOf } from "../links.ts";
import { commonFields, listAnswer } from "../lists.ts";
import type { ComputeParts } from "../parts.ts";
import { type BalancingTables, type Kept, pathOf } from "./state.ts";
import type { Traffic } from "./traffic.ts";

export interface KeptKind {
  /** `backendServices`, as the calls have it, and as paths do. */
  readonly service: string;
  readonly collection: string;
  /** `backendService`. */
  readonly kind: string;
  /** The path's member that names one. */
  readonly member: string;
  /** Members whose URLs must lead to something; by path, as the request has them. */
  readonly refers: (body: Readonly<Record<string, unknown>>) => readonly unknown[];
  /** @throws GcpError for what is not simulated, or no such thing. */
  readonly check: (body: Readonly<Record<string, unknown>>) => void;
  /** Beside what the request had. */
  readonly more?: (kept: Kept) => object;
  /** With a `fingerprint`, and a `patch` that has to know the newest one. */
  readonly patched?: boolean;
}

/** `insert`, `get`, `list`, `delete` and `patch` of what is kept as it came. */
export function keptOperations(
  { cloud, operations }: ComputeParts,
  tables: BalancingTables,
  traffic: Traffic,
  kinds: readonly KeptKind[],
): ComputeOperations {
  const every = kinds.flatMap((kind) => Object.entries(callsOf(kind)));
  return Object.fromEntries(every);

  function callsOf(kind: KeptKind): ComputeOperations {
    const { service, collection } = kind;
    const named = (call: ComputeCall): Kept =>
      find(tables.kept, `${scopeOfCall(call)}/${collection}/${call.path[kind.member]}`);
    const describe = (kept: Kept): object => ({
      ...commonFields(kind.kind, kept),
      ...kept.body,
      ...(kind.patched && { fingerprint: fingerprint(kept.body) }),
      ...placeOf(kept.id),
      ...kind.more?.(kept),
      selfLink: link(kept.id),
    });
    operations.define(`${service}.delete`, async ({ targetId }, pause) => {
      await pause();
      tables.kept.delete(targetId);
      for (const { id } of tables.endpoints.where(({ groupId }) => groupId === targetId)) tables.endpoints.delete(id);
      await traffic.settle();
    });
    const accept = (body: Readonly<Record<string, unknown>>): void => {
      kind.check(body);
      for (const url of kind.refers(body)) {
        if (!isThere(cloud, tables, pathOf(url))) throw notFound(`projects/${projectId}/${pathOf(url)}`);
      }
    };
    const patch: ComputeOperations[string] = async (call) => {
      const kept = named(call);
      const { fingerprint: seen, ...change } = call.body;
      if (seen !== undefined && seen !== fingerprint(kept.body)) {
        throw new GcpError(412, "conditionNotMet", "Invalid fingerprint.");
      }
      const body = { ...kept.body, ...change };
      accept(body);
      const changed = tables.kept.put({ ...kept, body });
      await traffic.settle();
      return operations.start(call, changed);
    };
    return {
      [`${service}.insert`]: async (call) => {
        const { name, ...body } = call.body;
        const id = `${scopeOfCall(call)}/${collection}/${checkName("resource.name", name as string | undefined)}`;
        if (tables.kept.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
        accept(body);
        const made = tables.kept.put({
          ...{ id, numericId: newNumericId(), createdAt: Date.now(), body },
          ...descriptionOf(call.body),
          ...(service === "globalForwardingRules" && { address: traffic.unusedAddress() }),
        });
        await traffic.settle();
        return operations.start(call, made);
      },
      [`${service}.get`]: (call) => describe(named(call)),
      [`${service}.list`]: (call) => {
        const found = tables.kept.where(({ id }) => id.startsWith(`${scopeOfCall(call)}/${collection}/`));
        const all = found.map((kept) => ({ id: kept.id, createdAt: kept.createdAt, json: describe(kept) }));
        return listAnswer(cloud, call, kind.kind, all);
      },
      [`${service}.delete`]: (call) => {
        const kept = named(call);
        const user = kinds
          .flatMap((other) =>
            tables.kept.where(({ id }) => id.includes(`/${other.collection}/`)).map((one) => [other, one] as const),
          )
          .find(([other, one]) => other.refers(one.body).some((url) => pathOf(url) === kept.id));
        if (user) throw inUse(kept.id, user[1].id);
        return operations.start(call, kept);
      },
      ...(kind.patched && { [`${service}.patch`]: patch }),
    };
  }
}

function placeOf(id: string): object {
  const scope = scopeOf(id);
  return scope.startsWith("zones/") ? { zone: link(scope) } : {};
}

function isThere(cloud: GcpCloud, tables: BalancingTables, path: string): boolean {
  return tables.kept.has(path) || cloud.tables.networks.has(path);
}
