import { isIP } from "node:net";
import type * as lb from "oci-loadbalancer";
import { conflict, incorrectState, invalid, missing, notFound, OciError } from "../errors.ts";
import { type Call, type Operation, operations, type Reply } from "../operation.ts";
import { common, type Kind, type Registry } from "../registry.ts";
import { newOcid } from "../tenancy.ts";
import type { Wire } from "../wire.ts";
import type { Backend, BackendSet, BalancerWork, Listener, LoadBalancer } from "./state.ts";
import type { Traffic } from "./traffic.ts";

/** https://docs.oracle.com/en-us/iaas/Content/Balance/Reference/lbpolicies.htm */
const weights = { least: 1, most: 100 } as const;
const backendsAtMost = 512;
const states = { making: "CREATING", ready: "ACTIVE", ending: "DELETING", ended: "DELETED" } as const;

export function balancerKind(registry: Registry): Kind<LoadBalancer> {
  return registry.add({
    type: "loadbalancer",
    table: registry.cloud.tables.balancers,
    stateOf: (balancer) => registry.timed(balancer, states),
    describe: (balancer): Wire<lb.models.LoadBalancer> => ({
      ...common(balancer),
      definedTags: { ...balancer.definedTags },
      lifecycleState: registry.timed(balancer, states) as "CREATING" | "ACTIVE" | "DELETING" | "DELETED",
      ipAddresses: [{ ipAddress: balancer.address, isPublic: !balancer.isPrivate }],
      shapeName: balancer.shapeName,
      ...(balancer.shapeDetails && { shapeDetails: balancer.shapeDetails }),
      isPrivate: balancer.isPrivate,
      subnetIds: [...balancer.subnetIds],
      networkSecurityGroupIds: [...balancer.groupIds],
      listeners: { ...balancer.listeners },
      backendSets: Object.fromEntries(Object.values(balancer.backendSets).map((set) => [set.name, describeSet(set)])),
    }),
  });
}

function describeSet({ name, policy, healthChecker, backends }: BackendSet): Wire<lb.models.BackendSet> {
  return { name, policy, healthChecker, backends: backends.map(describeBackend) };
}

function describeBackend({ maxConnections, ...backend }: Backend): Wire<lb.models.Backend> {
  return { ...backend, ...(maxConnections !== undefined && { maxConnections }) };
}

/** Load balancers: https://docs.oracle.com/en-us/iaas/api/#/en/loadbalancer/20170115/. A change is a work request, and
 *  refused while there is another of its load balancer. */
export function balancerOperations(registry: Registry, kind: Kind<LoadBalancer>, traffic: Traffic): Operation[] {
  const operation = operations("loadbalancer");
  const { balancers, balancerWork, subnets } = registry.cloud.tables;

  // What an earlier process was at is over.
  for (const { id } of balancerWork.where(({ finishedAt }) => finishedAt === undefined))
    balancerWork.change(id, { finishedAt: Date.now(), error: "Simulated: the sandbox ended meanwhile" });

  const begin = (balancer: LoadBalancer, type: string, act: () => void): Reply => {
    const other = balancerWork.find((work) => work.loadBalancerId === balancer.id && work.finishedAt === undefined);
    if (other) throw incorrectState(balancer.id, "being changed", "ACTIVE");
    const { id } = balancerWork.put({
      id: newOcid("loadbalancerworkrequest"),
      loadBalancerId: balancer.id,
      compartmentId: balancer.compartmentId,
      type,
      acceptedAt: Date.now(),
    });
    registry.cloud.inBackground(type, async () => {
      try {
        await new Promise((resolve) => setTimeout(resolve, registry.cloud.settings.provisioningMs));
        act();
        await traffic.settle();
        balancerWork.change(id, { finishedAt: Date.now() });
      } catch (error) {
        balancerWork.change(id, { finishedAt: Date.now(), error: (error as Error).message });
        if (!(error instanceof OciError)) throw error;
      }
    });
    return { status: 204, headers: { "opc-work-request-id": id } };
  };
  const active = (call: Call): LoadBalancer => {
    const balancer = registry.live(call, kind, call.params.loadBalancerId);
    return registry.demand(kind, balancer, "ACTIVE");
  };
  const setOf = (balancer: LoadBalancer, { params }: Call): BackendSet => {
    const set = balancer.backendSets[params.backendSetName ?? ""];
    if (!set) throw notFound("backend set");
    return set;
  };
  const backendOf = (set: BackendSet, { params }: Call): Backend => {
    const backend = set.backends.find(({ name }) => name === params.backendName);
    if (!backend) throw notFound("backend");
    return backend;
  };
  /** Replaces a set's backends by what they are by then. */
  const change = (balancerId: string, setName: string, of: (backends: readonly Backend[]) => readonly Backend[]) => {
    const balancer = balancers.get(balancerId);
    const set = balancer?.backendSets[setName];
    if (!balancer || !set) throw notFound("backend set");
    const backendSets = { ...balancer.backendSets, [setName]: { ...set, backends: of(set.backends) } };
    balancers.put({ ...balancer, backendSets });
  };
  const backends = "/loadBalancers/{loadBalancerId}/backendSets/{backendSetName}/backends";

  return [
    operation("CreateLoadBalancer", "POST /loadBalancers", { takes: "CreateLoadBalancerDetails" }, (call) => {
      const details = call.json<Wire<lb.models.CreateLoadBalancerDetails>>();
      const resource = registry.resource("loadbalancer", details);
      if (!details.shapeName) throw missing("shapeName");
      if (!details.subnetIds?.length) throw missing("subnetIds");
      for (const id of details.subnetIds) if (!subnets.get(id)) throw notFound("subnet");
      const backendSets = Object.entries(details.backendSets ?? {}).map(([name, set]) => newSet(name, set));
      const listeners = Object.entries(details.listeners ?? {}).map(([name, listener]) =>
        newListener(name, listener, backendSets),
      );
      const balancer = balancers.put({
        ...resource,
        shapeName: details.shapeName,
        shapeDetails: details.shapeDetails,
        isPrivate: details.isPrivate ?? false,
        subnetIds: details.subnetIds,
        groupIds: details.networkSecurityGroupIds ?? [],
        address: unusedAddress(registry),
        backendSets: Object.fromEntries(backendSets.map((set) => [set.name, set])),
        listeners: Object.fromEntries(listeners.map((listener) => [listener.name, listener])),
      });
      return begin(balancer, "CreateLoadBalancer", () => {});
    }),
    operation("GetLoadBalancer", "GET /loadBalancers/{loadBalancerId}", { answers: "LoadBalancer" }, ({ params }) =>
      registry.one(kind, registry.find(kind, params.loadBalancerId)),
    ),
    operation("ListLoadBalancers", "GET /loadBalancers", { answers: "LoadBalancer[]" }, (call) =>
      registry.list(call, kind, {}),
    ),
    operation("DeleteLoadBalancer", "DELETE /loadBalancers/{loadBalancerId}", {}, (call) => {
      const balancer = registry.live(call, kind, call.params.loadBalancerId);
      return begin(balancer, "DeleteLoadBalancer", () => {
        balancers.change(balancer.id, { deletedAt: Date.now() });
      });
    }),

    operation("CreateBackend", `POST ${backends}`, { takes: "CreateBackendDetails" }, (call) => {
      const balancer = active(call);
      const set = setOf(balancer, call);
      const backend = newBackend(call.json<Wire<lb.models.CreateBackendDetails>>(), set.policy);
      if (set.backends.some(({ name }) => name === backend.name))
        throw conflict(`The backend set ${set.name} has a backend ${backend.name} already.`);
      if (set.backends.length >= backendsAtMost) throw invalid("backends", `at most ${backendsAtMost} are in a set`);
      return begin(balancer, "CreateBackend", () =>
        change(balancer.id, set.name, (before) => [...before.filter(({ name }) => name !== backend.name), backend]),
      );
    }),
    operation("UpdateBackend", `PUT ${backends}/{backendName}`, { takes: "UpdateBackendDetails" }, (call) => {
      const balancer = active(call);
      const set = setOf(balancer, call);
      const before = backendOf(set, call);
      const details = call.json<Wire<lb.models.UpdateBackendDetails>>();
      const backend = newBackend({ ...details, ipAddress: before.ipAddress, port: before.port }, set.policy);
      return begin(balancer, "UpdateBackend", () =>
        change(balancer.id, set.name, (all) => all.map((one) => (one.name === backend.name ? backend : one))),
      );
    }),
    operation("DeleteBackend", `DELETE ${backends}/{backendName}`, {}, (call) => {
      const balancer = active(call);
      const set = setOf(balancer, call);
      const { name } = backendOf(set, call);
      return begin(balancer, "DeleteBackend", () => {
        change(balancer.id, set.name, (all) => all.filter((one) => one.name !== name));
        traffic.cut(balancer.id, set.name, name);
      });
    }),
    operation(
      "GetBackendSetHealth",
      "GET /loadBalancers/{loadBalancerId}/backendSets/{backendSetName}/health",
      { answers: "BackendSetHealth" },
      (call) => {
        const balancer = registry.find(kind, call.params.loadBalancerId);
        const set = setOf(balancer, call);
        const of = (state: string) =>
          set.backends
            .filter(({ name }) => traffic.health(balancer.id, set.name, name).state === state)
            .map(({ name }) => name);
        const [critical, unknown] = [of("unhealthy"), of("starting")];
        const status =
          set.backends.length === 0 || unknown.length === set.backends.length
            ? "UNKNOWN"
            : critical.length === 0
              ? "OK"
              : critical.length * 2 < set.backends.length
                ? "WARNING"
                : "CRITICAL";
        const body: Wire<lb.models.BackendSetHealth> = {
          status,
          warningStateBackendNames: [],
          criticalStateBackendNames: critical,
          unknownStateBackendNames: unknown,
          totalBackendCount: set.backends.length,
        };
        return { body };
      },
    ),
    operation(
      "GetWorkRequest",
      "GET /loadBalancerWorkRequests/{workRequestId}",
      { answers: "WorkRequest" },
      ({ params }) => {
        const work = balancerWork.get(params.workRequestId ?? "");
        if (!work) throw notFound("work request");
        return { body: describeWork(work) };
      },
    ),
  ];
}

function describeWork(work: BalancerWork): Wire<lb.models.WorkRequest> {
  const { id, loadBalancerId, compartmentId, type, acceptedAt, finishedAt, error } = work;
  return {
    ...{ id, loadBalancerId, compartmentId, type },
    lifecycleState: finishedAt === undefined ? "IN_PROGRESS" : error === undefined ? "SUCCEEDED" : "FAILED",
    message: error ?? "OK",
    timeAccepted: new Date(acceptedAt),
    ...(finishedAt !== undefined && { timeFinished: new Date(finishedAt) }),
    errorDetails: error === undefined ? [] : [{ errorCode: "BAD_INPUT", message: error }],
  };
}

function newSet(name: string, set: Wire<lb.models.BackendSetDetails>): BackendSet {
  if (!/^[\w-]{1,32}$/.test(name)) throw invalid("backendSets", `${name} is no name of a backend set`);
  if (!["ROUND_ROBIN", "LEAST_CONNECTIONS", "IP_HASH"].includes(set.policy))
    throw invalid("policy", `${set.policy} is none`);
  const { protocol, port = 0, returnCode = 200, responseBodyRegex = ".*", ...checker } = set.healthChecker;
  return {
    name,
    policy: set.policy,
    healthChecker: { ...checker, protocol, port, returnCode, responseBodyRegex },
    backends: (set.backends ?? []).map((backend) => newBackend(backend, set.policy)),
  };
}

function newListener(
  name: string,
  { port, protocol, defaultBackendSetName }: Wire<lb.models.ListenerDetails>,
  sets: readonly BackendSet[],
): Listener {
  if (!sets.some((set) => set.name === defaultBackendSetName)) throw notFound(`backend set ${defaultBackendSetName}`);
  if (!["HTTP", "HTTP2", "TCP", "GRPC"].includes(protocol)) throw invalid("protocol", `${protocol} is none`);
  return { name, port, protocol, defaultBackendSetName };
}

function newBackend(details: Wire<lb.models.BackendDetails>, policy: string): Backend {
  const { ipAddress, port, weight = 1, maxConnections, backup = false, drain = false, offline = false } = details;
  if (!ipAddress || isIP(ipAddress) === 0) throw invalid("ipAddress", `${ipAddress} is no address`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid("port", `${port} is no port`);
  if (!Number.isInteger(weight) || weight < weights.least || weight > weights.most)
    throw invalid("weight", `must be between ${weights.least} and ${weights.most}`);
  if (backup && policy === "IP_HASH") throw invalid("backup", "can't be with the policy IP_HASH");
  return { name: `${ipAddress}:${port}`, ipAddress, port, weight, maxConnections, backup, drain, offline };
}

/** Beside the public addresses of instances. */
function unusedAddress(registry: Registry): string {
  const { balancers, publicIps } = registry.cloud.tables;
  const alive = <T extends { deletedAt?: number | undefined }>({ deletedAt }: T) => deletedAt === undefined;
  const used = new Set([
    ...balancers.where(alive).map(({ address }) => address),
    ...publicIps.where(alive).map(({ address }) => address),
  ]);
  for (;;) {
    const address = `127.82.${Math.floor(Math.random() * 256)}.${1 + Math.floor(Math.random() * 254)}`;
    if (!used.has(address)) return address;
  }
}
