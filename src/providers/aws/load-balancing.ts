import type { Listener, LoadBalancer } from "@aws-sdk/client-elastic-load-balancing-v2";
import { isProviderError } from "../../domain/errors.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import { shareFor, watchTarget, weighed } from "../pool-targets.ts";
import type { LoadBalancingFacet, NewTarget, PoolTarget, TargetPool, TargetWait } from "../traffic-facets.ts";
import type { Aws } from "./client.ts";
import { vendorCode } from "./errors.ts";
import {
  type Front,
  parseTargetId,
  scaleOf,
  sharesOf,
  type TargetPlace,
  toPool,
  toTarget,
  tuplesOf,
  withTuples,
} from "./pools.ts";
import type { Wire } from "./tags.ts";

/** "DescribeTags" takes so many of them. */
const taggedAtOnce = 20;
/** So often weights are set until they are seen. */
const tries = 4;

/** What is said of targets that are in no group, or no longer: AWS's words for what is none of them. */
const notATarget = new Set(["InvalidTarget", "InvalidTargetException"]);

/**
 * Elastic Load Balancing: a pool is a listener whose default action forwards, its shares are the action's target groups.
 * Rules beside the default are left alone. A group of functions or of other load balancers is no share.
 */
export class AwsLoadBalancing implements LoadBalancingFacet {
  readonly #aws: Aws;
  /** The last change of weights under way, by its pool. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *listPools(signal: AbortSignal): AsyncGenerator<TargetPool> {
    const subject = this.#subject("list pools", "all");
    for await (const balancer of this.#balancers(undefined, subject, signal)) {
      const listeners = await Array.fromAsync(
        this.#listeners({ LoadBalancerArn: balancer.LoadBalancerArn }, subject, signal),
      );
      const fronts = listeners.filter((listener) => tuplesOf(listener).length > 0);
      const arns = fronts.map(({ ListenerArn = "" }) => ListenerArn);
      const tags = await this.#tagsOf(arns, subject, signal);
      for (const listener of fronts) {
        const front = await this.#front(listener, balancer, subject, signal);
        yield toPool(front, tags.get(listener.ListenerArn ?? ""));
      }
    }
  }

  async getPool(poolId: string, signal: AbortSignal): Promise<TargetPool> {
    const subject = this.#subject("read pool", poolId);
    const front = await this.#find(poolId, subject, signal);
    return toPool(front, (await this.#tagsOf([poolId], subject, signal)).get(poolId));
  }

  async *listTargets(poolId: string, signal: AbortSignal): AsyncGenerator<PoolTarget> {
    const subject = this.#subject("list targets", poolId);
    const { groups } = await this.#find(poolId, subject, signal);
    for (const group of groups.values()) {
      const { TargetHealthDescriptions = [] } = await this.#aws.elb.send(
        (sdk) => new sdk.DescribeTargetHealthCommand({ TargetGroupArn: group.TargetGroupArn }),
        subject,
        signal,
      );
      for (const described of TargetHealthDescriptions) yield toTarget(group, described);
    }
  }

  async addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget> {
    const { poolId, vmId, address } = input;
    const subject = this.#subject("add target", `${poolId}/${vmId ?? address ?? ""}`);
    const front = await this.#find(poolId, subject, signal);
    const group = front.groups.get(shareFor(sharesOf(front), input, subject)) ?? {};
    const Id = vmId ?? address ?? "";
    const Port = input.port ?? group.Port ?? 0;
    const { TargetGroupArn = "" } = group;
    const register = (zone: { readonly AvailabilityZone?: string }) =>
      this.#aws.elb.send(
        (sdk) => new sdk.RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id, Port, ...zone }] }),
        subject,
        signal,
      );
    await register({}).catch(async (error: unknown) => {
      // Of an address beyond the group's network, such as an on-premise one, a zone has to be told: it is in none.
      if (vendorCode(error) !== "ValidationError" || !/Availability Zone/.test(String(error))) throw error;
      await register({ AvailabilityZone: "all" });
    });
    const seen = await this.#see({ groupArn: TargetGroupArn, id: Id, port: Port }, subject, signal);
    return seen ?? toTarget(group, { Target: { Id, Port }, TargetHealth: { State: "initial" } });
  }

  drainTarget({ targetId }: { poolId: string; targetId: string }, signal: AbortSignal): Promise<void> {
    return this.#deregister("drain target", targetId, signal);
  }

  /** AWS drains what it takes off, for as long as its group says. */
  removeTarget({ targetId }: { poolId: string; targetId: string }, signal: AbortSignal): Promise<void> {
    return this.#deregister("remove target", targetId, signal);
  }

  /** A listener has no version that a change could ask for. What somebody else's change in between has undone is set again;
   *  changes of one process come one after the other. */
  setWeights(
    { poolId, weights }: { poolId: string; weights: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<TargetPool> {
    const subject = this.#subject("set weights", poolId);
    return this.#inTurn(poolId, async () => {
      for (let attempt = 1; ; attempt++) {
        const front = await this.#find(poolId, subject, signal);
        const scale = scaleOf(front.tuples);
        const wanted = weighed(sharesOf(front), weights, subject);
        const tuples = front.tuples.map((tuple) => {
          const { TargetGroupArn = "" } = tuple;
          return { TargetGroupArn, Weight: wanted.get(TargetGroupArn) ?? scale(tuple) };
        });
        if (tuples.every(({ Weight }, at) => Weight === (front.tuples[at]?.Weight ?? 1))) {
          return toPool(front, (await this.#tagsOf([poolId], subject, signal)).get(poolId));
        }
        if (attempt > tries) {
          throw conflict(
            subject,
            "somebody else changes the listener at the same time",
            "See who does, and try again.",
          );
        }
        const DefaultActions = (front.listener.DefaultActions ?? []).map((action) => withTuples(action, tuples));
        await this.#aws.elb.send(
          (sdk) => new sdk.ModifyListenerCommand({ ListenerArn: poolId, DefaultActions }),
          subject,
          signal,
        );
      }
    });
  }

  waitUntilHealthy(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#watch("wait until healthy", wait, ({ state }) => state === "healthy", signal);
  }

  waitUntilDrained(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#watch("wait until drained", wait, ({ state }) => state === "drained", signal);
  }

  async #inTurn<T>(poolId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(poolId) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    this.#turns.set(poolId, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(poolId) === settled) this.#turns.delete(poolId);
    }
  }

  async #watch(
    operation: string,
    wait: TargetWait,
    isReached: (target: PoolTarget) => boolean,
    signal: AbortSignal,
  ): Promise<PoolTarget | undefined> {
    const subject = this.#subject(operation, wait.targetId);
    const place = parseTargetId(wait.targetId, subject);
    return watchTarget(() => this.#see(place, subject, signal), isReached, wait, this.#aws.patience, signal);
  }

  /** Undefined for one that is not registered. @throws NotFound for a group that is not there. */
  async #see(
    { groupArn, id: Id, port: Port }: TargetPlace,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<PoolTarget | undefined> {
    const { TargetHealthDescriptions = [] } = await this.#aws.elb
      .send(
        (sdk) => new sdk.DescribeTargetHealthCommand({ TargetGroupArn: groupArn, Targets: [{ Id, Port }] }),
        subject,
        signal,
      )
      .catch((error: unknown) => {
        // An instance that is terminated, or in no network any more.
        if (notATarget.has(vendorCode(error) ?? "")) return { TargetHealthDescriptions: [] };
        throw error;
      });
    const [described] = TargetHealthDescriptions;
    if (!described || described.TargetHealth?.Reason === "Target.NotRegistered") return undefined;
    return toTarget({ TargetGroupArn: groupArn, TargetType: Id.startsWith("i-") ? "instance" : "ip" }, described);
  }

  async #deregister(operation: string, targetId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject(operation, targetId);
    const { groupArn, id: Id, port: Port } = parseTargetId(targetId, subject);
    await this.#aws.elb
      .send(
        (sdk) => new sdk.DeregisterTargetsCommand({ TargetGroupArn: groupArn, Targets: [{ Id, Port }] }),
        subject,
        signal,
      )
      .catch((error: unknown) => {
        if (notATarget.has(vendorCode(error) ?? "") || isProviderError(error, "NotFound")) return;
        throw error;
      });
  }

  /** @throws NotFound for a listener that is not there, or forwards nothing. */
  async #find(poolId: string, subject: Subject, signal: AbortSignal): Promise<Front> {
    for await (const listener of this.#listeners({ ListenerArns: [poolId] }, subject, signal)) {
      if (tuplesOf(listener).length === 0) break;
      const arns = [listener.LoadBalancerArn ?? ""];
      for await (const balancer of this.#balancers(arns, subject, signal)) {
        return this.#front(listener, balancer, subject, signal);
      }
    }
    throw notFound(subject, "there is no listener of that ARN that forwards to target groups");
  }

  async #front(listener: Listener, balancer: LoadBalancer, subject: Subject, signal: AbortSignal): Promise<Front> {
    const tuples = tuplesOf(listener);
    const TargetGroupArns = tuples.flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []);
    const { TargetGroups = [] } = await this.#aws.elb.send(
      (sdk) => new sdk.DescribeTargetGroupsCommand({ TargetGroupArns }),
      subject,
      signal,
    );
    const known = TargetGroups.filter(({ TargetType }) => TargetType === "instance" || TargetType === "ip");
    return { listener, balancer, tuples, groups: new Map(known.map((group) => [group.TargetGroupArn ?? "", group])) };
  }

  async *#balancers(
    LoadBalancerArns: string[] | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): AsyncGenerator<LoadBalancer> {
    let Marker: string | undefined;
    do {
      const input = { Marker, ...(LoadBalancerArns && { LoadBalancerArns }) };
      const page = await this.#aws.elb.send((sdk) => new sdk.DescribeLoadBalancersCommand(input), subject, signal);
      yield* page.LoadBalancers ?? [];
      Marker = page.NextMarker || undefined;
    } while (Marker !== undefined);
  }

  async *#listeners(
    which: { LoadBalancerArn?: string | undefined; ListenerArns?: string[] },
    subject: Subject,
    signal: AbortSignal,
  ): AsyncGenerator<Listener> {
    let Marker: string | undefined;
    do {
      const input = { ...which, Marker };
      const page = await this.#aws.elb.send((sdk) => new sdk.DescribeListenersCommand(input), subject, signal);
      yield* page.Listeners ?? [];
      Marker = page.NextMarker || undefined;
    } while (Marker !== undefined);
  }

  async #tagsOf(arns: readonly string[], subject: Subject, signal: AbortSignal): Promise<Map<string, Wire>> {
    const found = new Map<string, Wire>();
    for (let at = 0; at < arns.length; at += taggedAtOnce) {
      const ResourceArns = arns.slice(at, at + taggedAtOnce);
      const { TagDescriptions = [] } = await this.#aws.elb.send(
        (sdk) => new sdk.DescribeTagsCommand({ ResourceArns }),
        subject,
        signal,
      );
      for (const { ResourceArn = "", Tags = [] } of TagDescriptions) found.set(ResourceArn, Tags);
    }
    return found;
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("load-balancing", id) };
  }
}
