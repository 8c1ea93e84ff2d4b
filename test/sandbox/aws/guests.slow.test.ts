import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { GetSnapshotBlockCommand, ListChangedBlocksCommand, ListSnapshotBlocksCommand } from "@aws-sdk/client-ebs";
import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSnapshotsCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  GetConsoleOutputCommand,
  type Instance,
  RegisterImageCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { startAwsLab, until, whyNoGuests } from "./support.ts";

describe("real guests behind instances", { skip: whyNoGuests() ?? false, timeout: 240_000 }, async () => {
  const lab = await startAwsLab({ metricPeriodMs: 500 });
  const ec2 = lab.ec2();
  const ebs = lab.ebs();
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });
  const get = async (id: string): Promise<Instance> => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0] as Instance;
  };
  const consoleOf = async (id: string): Promise<string> => {
    const { Output = "" } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
    return Buffer.from(Output, "base64").toString("utf8");
  };
  const page = async (id: string, path: string): Promise<string> => {
    const { PublicIpAddress } = await get(id);
    const answer = await fetch(`http://${PublicIpAddress}:8080/cgi-bin/${path}`, {
      signal: AbortSignal.timeout(15_000),
    });
    return answer.text();
  };
  const booted = (id: string) =>
    until(async () => assert.match(await consoleOf(id), /NOVACRON-GUEST-READY .*root=\/dev\/nvme0n1p1/), 90_000);

  let group = "";
  let instanceId = "";

  test("a guest of the public image boots from NVMe; its console and the ports its groups open are reached", async () => {
    const { Images } = await ec2.send(
      new DescribeImagesCommand({ Filters: [{ Name: "name", Values: ["debian-12-amd64-*"] }] }),
    );
    const image = Images?.[0];
    assert.match(image?.Description ?? "", /^Simulated/);
    group = (await ec2.send(new CreateSecurityGroupCommand({ GroupName: "web", Description: "w" }))).GroupId as string;
    const wish = {
      ImageId: image?.ImageId,
      InstanceType: "t3.small" as const,
      MinCount: 1,
      MaxCount: 1,
      SecurityGroupIds: [group],
    };
    const { Instances } = await ec2.send(new RunInstancesCommand(wish));
    instanceId = Instances?.[0]?.InstanceId as string;
    await booted(instanceId);
    await assert.rejects(page(instanceId, "state"));
    const IpPermissions = [{ IpProtocol: "tcp", FromPort: 8080, ToPort: 8080, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions }));
    const state = await until(() => page(instanceId, "state"));
    assert.match(state, /"host":"demo-app"/);
    const cloudwatch = new CloudWatchClient(lab.config());
    const metric = (MetricName: string) => ({
      Metric: { Namespace: "AWS/EC2", MetricName, Dimensions: [{ Name: "InstanceId", Value: instanceId }] },
      Period: 60,
      Stat: "Maximum",
    });
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(Date.now() - 600_000),
        EndTime: new Date(Date.now() + 60_000),
        MetricDataQueries: [
          { Id: "cpu", MetricStat: metric("CPUUtilization") },
          { Id: "read", MetricStat: metric("EBSReadBytes") },
        ],
      }),
    );
    assert.ok(
      MetricDataResults?.every(({ Values }) => (Values?.[0] ?? 0) > 0),
      JSON.stringify(MetricDataResults),
    );
  });

  test("snapshots of a running guest differ where it wrote, and nowhere else", async () => {
    const take = async (): Promise<string> => {
      const { Snapshots } = await ec2.send(
        new CreateSnapshotsCommand({ InstanceSpecification: { InstanceId: instanceId } }),
      );
      return Snapshots?.[0]?.SnapshotId as string;
    };
    const first = await take();
    await page(instanceId, "dirty?4");
    const second = await take();
    const { ChangedBlocks = [] } = await ebs.send(
      new ListChangedBlocksCommand({ FirstSnapshotId: first, SecondSnapshotId: second }),
    );
    const all = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: second }));
    assert.ok(
      ChangedBlocks.length >= 8 && ChangedBlocks.length < (all.Blocks?.length ?? 0) / 2,
      `${ChangedBlocks.length} changed`,
    );
    // What is not listed as changed is the same in both.
    const before = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: first }));
    const changed = new Set(ChangedBlocks.map(({ BlockIndex }) => BlockIndex));
    const tokens = new Map(before.Blocks?.map(({ BlockIndex, BlockToken }) => [BlockIndex, BlockToken]));
    for (const { BlockIndex, BlockToken } of all.Blocks ?? []) {
      if (changed.has(BlockIndex)) continue;
      const [one, other] = await Promise.all([
        ebs.send(new GetSnapshotBlockCommand({ SnapshotId: first, BlockIndex, BlockToken: tokens.get(BlockIndex) })),
        ebs.send(new GetSnapshotBlockCommand({ SnapshotId: second, BlockIndex, BlockToken })),
      ]);
      await Promise.all([one.BlockData?.transformToByteArray(), other.BlockData?.transformToByteArray()]);
      assert.equal(one.Checksum, other.Checksum, `block ${BlockIndex}`);
    }
    // The first one boots, as after a power cut.
    const { ImageId } = await ec2.send(
      new RegisterImageCommand({
        Name: "from-snapshot",
        Architecture: "x86_64",
        VirtualizationType: "hvm",
        EnaSupport: true,
        RootDeviceName: "/dev/xvda",
        BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: first } }],
      }),
    );
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1 }),
    );
    const copy = Instances?.[0]?.InstanceId as string;
    await booted(copy);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [copy] }));
  });

  test("a volume is plugged into a running guest and let go of again", async () => {
    const { Placement } = await get(instanceId);
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: Placement?.AvailabilityZone, Size: 1 }),
    );
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: instanceId, Device: "/dev/sdf" }));
    const volume = async () =>
      (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId as string] }))).Volumes?.[0];
    assert.equal((await volume())?.Attachments?.[0]?.State, "attached");
    await ec2.send(new DetachVolumeCommand({ VolumeId }));
    await until(async () => assert.equal((await volume())?.State, "available"), 25_000);
  });

  test("a port that is closed again is not reached; a stop powers the guest off by itself", async () => {
    const IpPermissions = [{ IpProtocol: "tcp", FromPort: 8080, ToPort: 8080, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: group, IpPermissions }));
    await until(() => assert.rejects(page(instanceId, "state")));
    await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await until(async () => assert.equal((await get(instanceId)).State?.Name, "stopped"), 15_000);
  });
});
