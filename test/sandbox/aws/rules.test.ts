import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AllocateAddressCommand,
  CopySnapshotCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DeleteTagsCommand,
  DescribeRegionsCommand,
  DescribeSnapshotsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  EC2Client,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import { after, describe, test } from "../../support/needs-qemu.ts";
import { startAwsLab } from "./support.ts";

const lab = await startAwsLab();
const ec2 = lab.ec2();
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});
const zone = { AvailabilityZone: "us-east-1a" };
const newVolume = async (input: object = {}) =>
  (await ec2.send(new CreateVolumeCommand({ ...zone, Size: 1, ...input }))).VolumeId as string;

describe("who may call", () => {
  const { credentials } = lab.config();
  const as = (overrides: object) => new EC2Client(lab.config(overrides)).send(new DescribeRegionsCommand({}));

  test("a key nobody has, a wrong secret, a clock that is wrong", async () => {
    await assert.rejects(as({ credentials: { ...credentials, accessKeyId: "AKIAIOSFODNN7EXAMPLE" } }), {
      name: "AuthFailure",
    });
    await assert.rejects(as({ credentials: { ...credentials, secretAccessKey: "wrong" } }), { name: "AuthFailure" });
    await assert.rejects(as({ systemClockOffset: -20 * 60_000 }), { name: "RequestExpired" });
  });

  test("a user gets what his policies allow, and a dry run says which it is", async () => {
    const { identity } = lab.aws.cloud;
    const user = identity.createUser("reader");
    const statement = { Effect: "Allow", Action: ["ec2:Describe*"], Resource: "*" };
    identity.users.put({ ...user, policies: { p: JSON.stringify({ Version: "2012-10-17", Statement: statement }) } });
    const { id, secret } = identity.createKey("reader");
    const reader = lab.ec2({ credentials: { accessKeyId: id, secretAccessKey: secret } });
    await reader.send(new DescribeVolumesCommand({}));
    await assert.rejects(reader.send(new CreateVolumeCommand({ ...zone, Size: 1 })), { name: "UnauthorizedOperation" });
    await assert.rejects(reader.send(new DescribeVolumesCommand({ DryRun: true })), { name: "DryRunOperation" });
    await assert.rejects(reader.send(new CreateVolumeCommand({ ...zone, Size: 1, DryRun: true })), {
      name: "UnauthorizedOperation",
    });
    await assert.rejects(ec2.send(new CreateVolumeCommand({ ...zone, Size: 1, DryRun: true })), {
      name: "DryRunOperation",
    });
  });
});

test("a client token makes a volume once, and refuses another wish", async () => {
  const ClientToken = "one-volume";
  const id = await newVolume({ ClientToken });
  assert.equal(await newVolume({ ClientToken }), id);
  await assert.rejects(newVolume({ ClientToken, Size: 2 }), { name: "IdempotentParameterMismatch" });
  // Snapshots have no such token: a repeat makes a second one.
  const one = await ec2.send(new CreateSnapshotCommand({ VolumeId: id }));
  const other = await ec2.send(new CreateSnapshotCommand({ VolumeId: id }));
  assert.notEqual(one.SnapshotId, other.SnapshotId);
});

test("what was just made is not found for a while", async () => {
  lab.aws.cloud.changeSettings({ consistencyMs: 250 });
  const id = await newVolume();
  await assert.rejects(ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] })), { name: "InvalidVolume.NotFound" });
  await assert.rejects(ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "a", Value: "b" }] })), {
    name: "InvalidVolume.NotFound",
  });
  await sleep(260);
  assert.equal((await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes?.length, 1);
  lab.aws.cloud.changeSettings({ consistencyMs: 0 });
});

test("lists are paged by tokens, within AWS's bounds", async () => {
  const mine = [{ Name: "tag:page", Values: ["yes"] }];
  const TagSpecifications = [{ ResourceType: "volume" as const, Tags: [{ Key: "page", Value: "yes" }] }];
  const made = [];
  for (let index = 0; index < 7; index++) made.push(await newVolume({ TagSpecifications }));
  const first = await ec2.send(new DescribeVolumesCommand({ MaxResults: 5, Filters: mine }));
  const second = await ec2.send(
    new DescribeVolumesCommand({ MaxResults: 5, Filters: mine, NextToken: first.NextToken }),
  );
  assert.deepEqual(
    [...(first.Volumes ?? []), ...(second.Volumes ?? [])].map(({ VolumeId }) => VolumeId),
    made,
  );
  assert.equal(second.NextToken, undefined);
  await assert.rejects(ec2.send(new DescribeVolumesCommand({ MaxResults: 4 })), { name: "InvalidParameterValue" });
  await assert.rejects(ec2.send(new DescribeVolumesCommand({ NextToken: "???" })), { name: "InvalidNextToken" });
});

test("filters match by wildcard, and unknown ones are refused", async () => {
  const id = await newVolume({
    TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "Name", Value: "disk-é&<7>" }] }],
  });
  const found = await ec2.send(new DescribeVolumesCommand({ Filters: [{ Name: "tag:Name", Values: ["disk-?&*"] }] }));
  assert.deepEqual(
    found.Volumes?.map(({ VolumeId, Tags }) => [VolumeId, Tags?.[0]?.Value]),
    [[id, "disk-é&<7>"]],
  );
  await assert.rejects(ec2.send(new DescribeVolumesCommand({ Filters: [{ Name: "no-such", Values: ["x"] }] })), {
    name: "InvalidParameterValue",
  });
});

test("tags are set, described and removed, and AWS's own prefix is refused", async () => {
  const id = await newVolume();
  await ec2.send(
    new CreateTagsCommand({
      Resources: [id],
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "b", Value: "2" },
      ],
    }),
  );
  await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: "a", Value: "other" }, { Key: "b" }] }));
  const { Tags } = await ec2.send(new DescribeTagsCommand({ Filters: [{ Name: "resource-id", Values: [id] }] }));
  assert.deepEqual(Tags, [{ Key: "a", ResourceId: id, ResourceType: "volume", Value: "1" }]);
  await assert.rejects(ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "aws:x", Value: "" }] })), {
    name: "InvalidParameterValue",
  });
  const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
  await assert.rejects(ec2.send(new CreateTagsCommand({ Resources: [id], Tags: many })), { name: "TagLimitExceeded" });
});

test("a parameter that isn't in the API is refused, and so is a missing one", async () => {
  await assert.rejects(ec2.send(new RunInstancesCommand({ MinCount: 1, MaxCount: 1 })), { name: "MissingParameter" });
  await assert.rejects(ec2.send(new DescribeVolumesCommand({ VolumeIds: ["vol-zz"] })), {
    name: "InvalidVolumeID.Malformed",
  });
});

describe("faults", () => {
  const { faults } = lab.aws.cloud;
  after(() => faults.clear());
  const describeVolumes = () => ec2.send(new DescribeVolumesCommand({}));

  test("each is the vendor's own error, as often as ordered", async () => {
    const expected = {
      throttled: "RequestLimitExceeded",
      "5xx": "InternalError",
      unauthorised: "UnauthorizedOperation",
      "not-found": "InvalidVolume.NotFound",
      quota: "VolumeLimitExceeded",
      capacity: "InsufficientVolumeCapacity",
    } as const;
    for (const [fault, name] of Object.entries(expected)) {
      faults.add({ fault: fault as keyof typeof expected, service: "ec2", operation: "CreateVolume", times: 1 });
      await assert.rejects(newVolume(), { name });
      await newVolume();
    }
  });

  test("a timeout after the act leaves what was made, one before doesn't", async () => {
    const count = async () => (await describeVolumes()).Volumes?.length ?? 0;
    const before = await count();
    for (const [fault, made] of [
      ["timeout-before-act", 0],
      ["reset", 0],
      ["timeout-after-act", 1],
    ] as const) {
      const had = await count();
      faults.clear();
      faults.add({ fault, operation: "CreateVolume", times: 1, delayMs: 50 });
      await assert.rejects(newVolume());
      assert.equal((await count()) - had, made, fault);
    }
    assert.equal((await count()) - before, 1);
  });

  test("a site that is down resets connections, and is as it was when it is back", async () => {
    const before = (await describeVolumes()).Volumes?.length;
    lab.aws.front.change({ up: false });
    await assert.rejects(describeVolumes());
    lab.aws.front.change({ up: true });
    assert.equal((await describeVolumes()).Volumes?.length, before);
  });

  test("more calls than the published rate are throttled", async () => {
    lab.aws.cloud.changeSettings({ throttling: true });
    const calls = await Promise.allSettled(
      Array.from({ length: 60 }, () =>
        ec2.send(new CreateTagsCommand({ Resources: ["vol-00000000000000000"], Tags: [] })),
      ),
    );
    const snapshots = await Promise.allSettled(
      Array.from({ length: 120 }, () => ec2.send(new DescribeSnapshotsCommand({}))),
    );
    lab.aws.cloud.changeSettings({ throttling: false });
    const limited = (results: PromiseSettledResult<unknown>[]) =>
      results.filter(
        (result) => result.status === "rejected" && (result.reason as Error).name === "RequestLimitExceeded",
      ).length;
    assert.equal(limited(calls), 0);
    assert.ok(limited(snapshots) > 0);
  });
});

test("quotas refuse with their own codes", async () => {
  for (let index = 0; index < 5; index++) await ec2.send(new AllocateAddressCommand({}));
  await assert.rejects(ec2.send(new AllocateAddressCommand({})), { name: "AddressLimitExceeded" });
});

test("regions are apart from each other; a copy crosses", async () => {
  const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: await newVolume() }));
  const west = lab.ec2({ region: "us-west-2" });
  await assert.rejects(west.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId as string] })), {
    name: "InvalidSnapshot.NotFound",
  });
  const copy = await west.send(new CopySnapshotCommand({ SourceRegion: "us-east-1", SourceSnapshotId: SnapshotId }));
  const { Snapshots } = await west.send(new DescribeSnapshotsCommand({ SnapshotIds: [copy.SnapshotId as string] }));
  assert.equal(Snapshots?.[0]?.State, "completed");
});

test("a group with the same name is a duplicate", async () => {
  await ec2.send(new CreateSecurityGroupCommand({ GroupName: "g1", Description: "d" }));
  await assert.rejects(ec2.send(new CreateSecurityGroupCommand({ GroupName: "g1", Description: "d" })), {
    name: "InvalidGroup.Duplicate",
  });
});
