import type { CensusEntry } from "../cloud/admin.ts";
import type { AwsCloud } from "./cloud.ts";
import type { Alarm } from "./cloudwatch/operations.ts";
import { builtInIds } from "./ec2/default-network.ts";
import type { Ec2Parts } from "./ec2/index.ts";
import type { Route53State } from "./route53/state.ts";
import type { S3Parts } from "./s3/index.ts";
import type { Resource, Volume } from "./state.ts";

/** Every resource of every region with its tags, also what other calls can't see yet. */
export function census(
  cloud: AwsCloud,
  { registry, volumes }: Ec2Parts,
  { tables: s3 }: S3Parts,
  dns: Route53State,
): CensusEntry[] {
  const builtIn = builtInIds(cloud);
  const { tables } = cloud;
  const entry = (kind: string, id: string, region: string, at: number, tags: CensusEntry["tags"]): CensusEntry => ({
    kind,
    id,
    region,
    createdAt: new Date(at).toISOString(),
    tags,
    builtIn: false,
  });
  const regionOf = (bucket: string) => s3.buckets.get(bucket)?.region ?? "";
  const stored = [
    ...[...s3.buckets.values()].map(({ id, region, createdAt, tags }) =>
      entry("s3-bucket", id, region, createdAt, tags),
    ),
    ...[...s3.objects.values()].map(({ id, bucket, modifiedAt, tags }) =>
      entry("s3-object", id, regionOf(bucket), modifiedAt, tags),
    ),
    ...[...s3.uploads.values()].map(({ id, bucket, key, initiatedAt, tags }) => ({
      ...entry("s3-multipart-upload", id, regionOf(bucket), initiatedAt, tags),
      facts: { bucket, key },
    })),
  ];
  const resources = Object.values(registry.kinds).flatMap((kind) =>
    [...(kind.table as unknown as { values(): Iterable<Resource> }).values()].map((resource) => {
      const { id, region, createdAt, tags } = resource;
      const instance = tables.instances.get(id);
      const volume = tables.volumes.get(id);
      const snapshot = tables.snapshots.get(id);
      const state =
        instance?.state ?? (volume && volumes.volumeState(volume)) ?? (snapshot && volumes.stateOf(snapshot));
      const guest = instance && cloud.guests.spec(id);
      const facts = volume
        ? diskFacts(cloud, volume)
        : guest && {
            simulatedCpus: guest.cpus,
            simulatedMemoryMib: guest.memoryMib,
            forwards: guest.nic?.forwards ?? [],
            unforwarded: instance.unforwarded,
          };
      return {
        kind: kind.type,
        id,
        region,
        createdAt: new Date(createdAt).toISOString(),
        tags,
        builtIn: builtIn.has(id) || tables.images.get(id)?.public === true || snapshot?.public === true,
        ...(state ? { state } : {}),
        ...(facts ? { facts } : {}),
      };
    }),
  );
  const listed = [
    ...[...tables.loadBalancers.values()].map(({ id, region, createdAt, tags, address }) => ({
      ...entry("load-balancer", id, region, createdAt, tags),
      ...(address === undefined ? {} : { facts: { address } }),
    })),
    ...[...tables.listeners.values()].map(({ id, region, createdAt, tags }) =>
      entry("listener", id, region, createdAt, tags),
    ),
    ...[...tables.targetGroups.values()].map(({ id, region, createdAt, tags }) =>
      entry("target-group", id, region, createdAt, tags),
    ),
    ...[...tables.targets.values()].map(({ id, at }) => entry("target", id, "", at, {})),
    ...[...dns.zones.values()].map(({ id, region, createdAt, tags }) =>
      entry("hosted-zone", id, region, createdAt, tags),
    ),
    ...[...dns.zones.values()].flatMap((zone) =>
      dns.records.of(zone.id).map(({ id }) => entry("dns-record", id, zone.region, zone.createdAt, {})),
    ),
    ...[...tables.scalingGroups.values()].map(({ name, region, createdAt, tags }) =>
      entry("auto-scaling-group", name, region, createdAt, tags),
    ),
  ];
  const alarms = [...cloud.documents.table<Alarm>("cloudwatch-alarm").values()].map(({ id, region, createdAt, tags }) =>
    entry("alarm", id, region, createdAt, tags),
  );
  return [...resources, ...stored, ...listed, ...alarms];
}

/** Where its bytes are, as a QCOW2 file that `qemu-img` opens, and what it is attached to. */
function diskFacts(cloud: AwsCloud, { layerId, attachment }: Volume): CensusEntry["facts"] {
  const { instanceId, device } = attachment ?? {};
  return { file: cloud.disks.path(layerId), ...(attachment && { instanceId, device }) };
}
