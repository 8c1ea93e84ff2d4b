import type { Filter, Image, Instance, Snapshot, Subnet, Volume } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import { notFound, type Subject, unavailable } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Aws } from "./client.ts";
import { vendorCode } from "./errors.ts";

/** Of one page; EC2's largest. Lists of ids in a filter end at 200 values. */
const pageSize = 1_000;
const filterValues = 200;

/** What EC2 shows, in pages. Each call names what it looks for, so that EC2 takes it for a filtered one. */
export class Ec2View {
  readonly #aws: Aws;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  instances(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<Instance> {
    const MaxResults = 200;
    return items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeInstancesCommand({ Filters: [...filters], MaxResults, NextToken }),
          subject,
          signal,
        ),
      ({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances),
    );
  }

  volumes(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<Volume> {
    return items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeVolumesCommand({ Filters: [...filters], MaxResults: pageSize, NextToken }),
          subject,
          signal,
        ),
      ({ Volumes = [] }) => Volumes,
    );
  }

  /** By id, in as many calls as it takes; those that are gone are left out. */
  async volumesById(ids: readonly string[], subject: Subject, signal: AbortSignal): Promise<Map<string, Volume>> {
    const found = new Map<string, Volume>();
    for (const Values of filterLists(ids)) {
      for await (const volume of this.volumes([{ Name: "volume-id", Values }], subject, signal)) {
        found.set(volume.VolumeId ?? "", volume);
      }
    }
    return found;
  }

  /** The same for instances; those that have been terminated are left out, too. */
  async instancesById(ids: readonly string[], subject: Subject, signal: AbortSignal): Promise<Map<string, Instance>> {
    const found = new Map<string, Instance>();
    for (const Values of filterLists(ids)) {
      for await (const instance of this.instances([{ Name: "instance-id", Values }], subject, signal)) {
        if (instance.State?.Name !== "terminated") found.set(instance.InstanceId ?? "", instance);
      }
    }
    return found;
  }

  snapshots(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<Snapshot> {
    return items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) =>
            new sdk.DescribeSnapshotsCommand({
              OwnerIds: ["self"],
              Filters: [...filters],
              MaxResults: pageSize,
              NextToken,
            }),
          subject,
          signal,
        ),
      ({ Snapshots = [] }) => Snapshots,
    );
  }

  images(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<Image> {
    return items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) =>
            new sdk.DescribeImagesCommand({
              Owners: ["self"],
              Filters: [...filters],
              MaxResults: pageSize,
              NextToken,
            }),
          subject,
          signal,
        ),
      ({ Images = [] }) => Images,
    );
  }

  subnets(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<Subnet> {
    return items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeSubnetsCommand({ Filters: [...filters], MaxResults: pageSize, NextToken }),
          subject,
          signal,
        ),
      ({ Subnets = [] }) => Subnets,
    );
  }

  /** @throws NotFound also for one that has been terminated. */
  async instance(vmId: string, subject: Subject, signal: AbortSignal): Promise<Instance> {
    const found = await goneIsUndefined(
      this.#aws.ec2.send((sdk) => new sdk.DescribeInstancesCommand({ InstanceIds: [vmId] }), subject, signal),
    );
    const instance = found?.Reservations?.flatMap(({ Instances = [] }) => Instances)[0];
    if (!instance || instance.State?.Name === "terminated") throw notFound(subject, "AWS has no such instance");
    return instance;
  }

  async volume(volumeId: string, subject: Subject, signal: AbortSignal): Promise<Volume | undefined> {
    const found = await goneIsUndefined(
      this.#aws.ec2.send((sdk) => new sdk.DescribeVolumesCommand({ VolumeIds: [volumeId] }), subject, signal),
    );
    return found?.Volumes?.find(({ State }) => State !== "deleting" && State !== "deleted");
  }

  async snapshot(snapshotId: string, subject: Subject, signal: AbortSignal): Promise<Snapshot | undefined> {
    const found = await goneIsUndefined(
      this.#aws.ec2.send((sdk) => new sdk.DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }), subject, signal),
    );
    return found?.Snapshots?.[0];
  }

  /** What has just been made, once EC2 shows it; undefined when it does not. */
  async shown<T>(look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
    const { patience } = this.#aws;
    return poll(look, patience, signal, patience.consistencyMs);
  }

  /**
   * Removes a thing, and returns once EC2 shows it no more; one that is gone is fine. What one call of EC2 shows another may
   * not know: a removal that does not find what is shown is asked for again.
   * @throws Unavailable when they disagree for long: not "not found", which would be taken for "removed".
   */
  async removed(
    remove: () => Promise<unknown>,
    isShown: () => Promise<boolean>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    let accepted = false;
    const gone = await this.shown(async () => {
      accepted ||= (await goneIsUndefined(remove().then(() => true))) ?? false;
      return (await isShown()) ? undefined : true;
    }, signal);
    if (!gone && !accepted) throw unavailable(subject, "AWS shows it, and does not know it when it is to be removed");
  }

  /** The same for a call that needs what has just been made: "not found" is tried again for a while. */
  async onceShown<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let last: unknown;
    const done = await this.shown(async () => {
      try {
        return { value: await call() };
      } catch (error) {
        if (!isProviderError(error, "NotFound")) throw error;
        last = error;
        return undefined;
      }
    }, signal);
    if (!done) throw last;
    return done.value;
  }
}

/** Values of a filter, as many at a time as EC2 takes. */
export function* filterLists(values: readonly string[]): Generator<string[]> {
  for (let at = 0; at < values.length; at += filterValues) yield values.slice(at, at + filterValues);
}

export async function* items<O extends { NextToken?: string | undefined }, T>(
  fetch: (NextToken: string | undefined) => Promise<O>,
  read: (page: O) => readonly T[],
): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const page = await fetch(token);
    yield* read(page);
    token = page.NextToken || undefined;
  } while (token !== undefined);
}

/** An id that AWS no longer knows, or never did. */
export async function goneIsUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isProviderError(error, "NotFound") || vendorCode(error)?.endsWith(".Malformed")) return undefined;
    throw error;
  }
}
