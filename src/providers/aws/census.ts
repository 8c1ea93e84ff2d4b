import { isProviderError } from "../../domain/errors.ts";
import { tagKeys } from "../../domain/vm.ts";
import { alarmEntries } from "../alarm-terms.ts";
import type { CensusEntry } from "../provider.ts";
import type { AwsAlarms } from "./alarms.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, goneIsUndefined, items } from "./describe.ts";
import { type OurSnapshot, pointIdOf, type Snapshots } from "./points.ts";
import { fromWire, managedOnly } from "./tags.ts";

const alive = ["pending", "running", "stopping", "stopped"];

/** Everything in the account and region that carries our tag. */
export class Census {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #snapshots: Snapshots;
  readonly #alarms: AwsAlarms;
  /** Buckets of others: each costs a call to find out. */
  readonly #foreign = new Set<string>();

  constructor(aws: Aws, parts: { view: Ec2View; snapshots: Snapshots; alarms: AwsAlarms }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
    this.#alarms = parts.alarms;
  }

  async *list(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#aws.site };
    const running = { Name: "instance-state-name", Values: alive };
    for await (const { InstanceId = "", Tags } of this.#view.instances([managedOnly, running], subject, signal)) {
      yield entry("vm", InstanceId, Tags);
    }
    const volumes = { Name: "status", Values: ["creating", "available", "in-use", "error"] };
    for await (const { VolumeId = "", Tags } of this.#view.volumes([managedOnly, volumes], subject, signal)) {
      yield entry("volume", VolumeId, Tags);
    }
    const points = new Set<string>();
    for await (const snapshot of this.#snapshots.list([managedOnly], subject, signal)) {
      for (const found of entriesOf(snapshot)) {
        // A source point has a snapshot for each disk.
        if (found.kind === "source-point" && points.has(found.id)) continue;
        points.add(found.id);
        yield found;
      }
    }
    for await (const { ImageId = "", Tags } of this.#view.images([managedOnly], subject, signal)) {
      yield entry("image", ImageId, Tags);
    }
    yield* this.#network(signal);
    yield* this.#buckets(signal);
    yield* alarmEntries(this.#alarms, signal);
  }

  async *#network(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#aws.site };
    const { ec2 } = this.#aws;
    const Filters = [managedOnly];
    const { Vpcs = [] } = await ec2.send((sdk) => new sdk.DescribeVpcsCommand({ Filters }), subject, signal);
    for (const { VpcId = "", Tags } of Vpcs) yield entry("network", VpcId, Tags);
    for await (const { SubnetId = "", Tags } of this.#view.subnets(Filters, subject, signal)) {
      yield entry("network", SubnetId, Tags);
    }
    const { InternetGateways = [] } = await ec2.send(
      (sdk) => new sdk.DescribeInternetGatewaysCommand({ Filters }),
      subject,
      signal,
    );
    for (const { InternetGatewayId = "", Tags } of InternetGateways) yield entry("network", InternetGatewayId, Tags);
    const groups = items(
      (NextToken) =>
        ec2.send(
          (sdk) => new sdk.DescribeSecurityGroupsCommand({ Filters, MaxResults: 1_000, NextToken }),
          subject,
          signal,
        ),
      ({ SecurityGroups = [] }) => SecurityGroups,
    );
    for await (const { GroupId = "", Tags } of groups) yield entry("security-group", GroupId, Tags);
    const { Addresses = [] } = await ec2.send((sdk) => new sdk.DescribeAddressesCommand({ Filters }), subject, signal);
    for (const { AllocationId = "", Tags } of Addresses) yield entry("address", AllocationId, Tags);
  }

  async *#buckets(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "list buckets", resource: this.#aws.site };
    const BucketRegion = this.#aws.entry.region;
    const answer = await this.#aws.s3
      .send((sdk) => new sdk.ListBucketsCommand({ BucketRegion }), subject, signal)
      .catch((error: unknown) => {
        // Who may not list buckets has made none.
        if (isProviderError(error, "CloudPermissionDenied")) return undefined;
        throw error;
      });
    for (const { Name = "" } of answer?.Buckets ?? []) {
      if (this.#foreign.has(Name)) continue;
      const tags = await this.#bucketTags(Name, signal);
      if (tags?.[tagKeys.managed] !== "true") {
        this.#foreign.add(Name);
        continue;
      }
      yield { kind: "bucket", id: Name, tags };
      const { Uploads = [] } = await this.#aws.s3.send(
        (sdk) => new sdk.ListMultipartUploadsCommand({ Bucket: Name }),
        subject,
        signal,
      );
      for (const { Key = "", UploadId = "" } of Uploads)
        yield { kind: "upload", id: UploadId, name: `${Name}/${Key}`, tags: {} };
    }
  }

  async #bucketTags(Bucket: string, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    const subject = { operation: "read a bucket's tags", resource: this.#aws.resource("object", Bucket) };
    const call = this.#aws.s3.send((sdk) => new sdk.GetBucketTaggingCommand({ Bucket }), subject, signal);
    const answer = await goneIsUndefined(call).catch((error: unknown) => {
      if (isProviderError(error, "CloudPermissionDenied")) return undefined;
      throw error;
    });
    return answer && fromWire(answer.TagSet).tags;
  }
}

function entriesOf(snapshot: OurSnapshot): CensusEntry[] {
  const { snapshotId, state, notes, tags } = snapshot;
  const name = snapshotId;
  const found: CensusEntry[] = [];
  if (notes.sourcePoint !== undefined && notes.released === undefined) {
    found.push({ kind: "source-point", id: notes.sourcePoint, name, tags });
  }
  if (notes.point !== undefined) {
    found.push({ kind: state === "completed" ? "recovery-point" : "generation", id: pointIdOf(snapshot), name, tags });
  }
  return found.length > 0 ? found : [{ kind: "snapshot", id: snapshotId, tags }];
}

function entry(kind: CensusEntry["kind"], id: string, wire: Parameters<typeof fromWire>[0]): CensusEntry {
  const { tags, notes } = fromWire(wire);
  return { kind, id, ...(notes.name !== undefined && { name: notes.name }), tags };
}
