import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { CompleteSnapshotCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type Instance,
  ModifyInstanceAttributeCommand,
  ModifyVolumeCommand,
  RegisterImageCommand,
  type RegisterImageCommandInput,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { startAwsLab, until, whyNoGuests } from "./support.ts";

describe("instances", { skip: whyNoGuests() ?? false }, async () => {
  const lab = await startAwsLab({ stopGraceMs: 0, guestMemoryMib: 64 });
  let ec2 = lab.ec2();
  let imageId = "";
  let snapshotId = "";
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });

  const register = async (input: Partial<RegisterImageCommandInput> = {}): Promise<string> => {
    const root = { DeviceName: "/dev/xvda", Ebs: { SnapshotId: snapshotId, VolumeType: "gp3" as const } };
    const named = {
      Name: `image-${randomBytes(4).toString("hex")}`,
      RootDeviceName: "/dev/xvda",
      BlockDeviceMappings: [root],
    };
    const proper = { Architecture: "x86_64" as const, VirtualizationType: "hvm", EnaSupport: true };
    return (await ec2.send(new RegisterImageCommand({ ...named, ...proper, ...input }))).ImageId as string;
  };
  const run = async (input: Partial<RunInstancesCommandInput> = {}): Promise<Instance> => {
    const wish = { ImageId: imageId, MinCount: 1, MaxCount: 1, InstanceType: "t3.micro" as const };
    const { Instances } = await ec2.send(new RunInstancesCommand({ ...wish, ...input }));
    return Instances?.[0] as Instance;
  };
  const get = async (id: string | undefined): Promise<Instance> => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id as string] }));
    return Reservations?.[0]?.Instances?.[0] as Instance;
  };
  const reach = (id: string | undefined, state: string) =>
    until(async () => assert.equal((await get(id)).State?.Name, state));

  before(async () => {
    const ebs = lab.ebs();
    const { SnapshotId } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    await ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 0 }));
    snapshotId = SnapshotId as string;
    imageId = await register();
  });

  test("one starts at once, stops, is resized, starts again and is terminated with its volume", async () => {
    const { InstanceId, State } = await run();
    assert.equal(State?.Name, "pending");
    await reach(InstanceId, "running");
    const running = await get(InstanceId);
    assert.match(running.PublicIpAddress ?? "", /^127\.80\./);
    const volumeId = running.BlockDeviceMappings?.[0]?.Ebs?.VolumeId as string;
    const change = new ModifyInstanceAttributeCommand({ InstanceId, InstanceType: { Value: "m5.large" } });
    await assert.rejects(ec2.send(change), { name: "IncorrectInstanceState" });
    await assert.rejects(ec2.send(new DeleteVolumeCommand({ VolumeId: volumeId })), { name: "VolumeInUse" });

    await ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId as string] }));
    await reach(InstanceId, "stopped");
    const stopped = await get(InstanceId);
    assert.equal(stopped.PublicIpAddress, undefined);
    assert.equal(stopped.StateReason?.Code, "Client.UserInitiatedShutdown");
    await ec2.send(change);
    await ec2.send(new StartInstancesCommand({ InstanceIds: [InstanceId as string] }));
    await reach(InstanceId, "running");
    assert.equal((await get(InstanceId)).InstanceType, "m5.large");
    const { InstanceStatuses } = await ec2.send(
      new DescribeInstanceStatusCommand({ InstanceIds: [InstanceId as string] }),
    );
    assert.equal(InstanceStatuses?.[0]?.InstanceStatus?.Status, "ok");

    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId as string] }));
    await reach(InstanceId, "terminated");
    await assert.rejects(ec2.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] })), {
      name: "InvalidVolume.NotFound",
    });
    const left = await ec2.send(
      new DescribeNetworkInterfacesCommand({
        Filters: [{ Name: "attachment.instance-id", Values: [InstanceId as string] }],
      }),
    );
    assert.deepEqual(left.NetworkInterfaces, []);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId as string] }));
  });

  test("a guest that was asked to stop twice, and started when one of the two was done, runs on", async () => {
    const { InstanceId } = await run();
    const id = InstanceId as string;
    await reach(id, "running");
    const { guests } = lab.aws.cloud;
    const spec = guests.spec(id);
    assert.ok(spec);
    // No system answers the power button here: the first call waits for the second one's work.
    const patient = guests.stop(id, 20_000);
    await guests.stop(id, 0);
    await Promise.all([patient, guests.start(spec)]);
    assert.ok(guests.isRunning(id), "the first call let go of the machine that was started since");
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id], Force: true }));
    await reach(id, "stopped");
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await reach(id, "running");
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await reach(id, "terminated");
  });

  test("a guest that is not to be asked is off at once, stopped or terminated", async () => {
    lab.aws.cloud.changeSettings({ stopGraceMs: 3_600_000 });
    const { InstanceId } = await run();
    const InstanceIds = [InstanceId as string];
    await reach(InstanceId, "running");
    await ec2.send(new StopInstancesCommand({ InstanceIds, SkipOsShutdown: true }));
    await reach(InstanceId, "stopped");
    await ec2.send(new StartInstancesCommand({ InstanceIds }));
    await reach(InstanceId, "running");
    await ec2.send(new TerminateInstancesCommand({ InstanceIds, SkipOsShutdown: true }));
    await reach(InstanceId, "terminated");
    lab.aws.cloud.changeSettings({ stopGraceMs: 0 });
  });

  test("a token launches once; another wish under it is refused", async () => {
    // Also when both are under way at once.
    const [first, second] = await Promise.all([run({ ClientToken: "launch-1" }), run({ ClientToken: "launch-1" })]);
    assert.equal(second.InstanceId, first.InstanceId);
    assert.equal((await run({ ClientToken: "launch-1" })).InstanceId, first.InstanceId);
    await assert.rejects(run({ ClientToken: "launch-1", InstanceType: "t3.small" }), {
      name: "IdempotentParameterMismatch",
    });
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [first.InstanceId as string] }));
    await reach(first.InstanceId, "terminated");
  });

  test("a volume outlives its instance unless it is to go with it; data volumes come and go", async () => {
    const { InstanceId } = await run();
    await reach(InstanceId, "running");
    const rootVolume = (await get(InstanceId)).BlockDeviceMappings?.[0]?.Ebs?.VolumeId as string;
    const keep = [{ DeviceName: "/dev/xvda", Ebs: { DeleteOnTermination: false } }];
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, BlockDeviceMappings: keep }));
    const far = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: "us-east-1c", Size: 1 }));
    const attach = (VolumeId: string | undefined) =>
      ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: "/dev/sdf" }));
    await assert.rejects(attach(far.VolumeId), { name: "InvalidVolume.ZoneMismatch" });
    const near = await ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 1, VolumeType: "gp3" }),
    );
    await attach(near.VolumeId);
    await assert.rejects(attach(near.VolumeId), { name: "VolumeInUse" });
    await assert.rejects(ec2.send(new DetachVolumeCommand({ VolumeId: rootVolume })), {
      name: "OperationNotPermitted",
    });
    await ec2.send(new ModifyVolumeCommand({ VolumeId: near.VolumeId, Size: 2 }));
    await assert.rejects(ec2.send(new ModifyVolumeCommand({ VolumeId: near.VolumeId, Size: 3 })), {
      name: "VolumeModificationRateExceeded",
    });

    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId as string] }));
    await reach(InstanceId, "terminated");
    const { Volumes } = await ec2.send(
      new DescribeVolumesCommand({ VolumeIds: [rootVolume, near.VolumeId as string] }),
    );
    assert.deepEqual(
      Volumes?.map(({ State, Size }) => [State, Size]),
      [
        ["available", 1],
        ["available", 2],
      ],
    );
  });

  test("an image protects its snapshot, and its defaults are AWS's old ones", async () => {
    await assert.rejects(ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId })), {
      name: "InvalidSnapshot.InUse",
    });
    const old = await register({ Architecture: undefined, VirtualizationType: undefined, EnaSupport: undefined });
    await assert.rejects(run({ ImageId: old }), { name: "InvalidParameterValue" });
    const noEna = await register({ EnaSupport: undefined });
    await assert.rejects(run({ ImageId: noEna }), { name: "InvalidParameterCombination" });
    await assert.rejects(run({ InstanceType: "m6g.large" }), { name: "InvalidParameterValue" });
    await assert.rejects(run({ InstanceType: "t2.micro", ImageId: await register({ BootMode: "uefi" }) }), {
      name: "Unsupported",
    });
    await ec2.send(new DeregisterImageCommand({ ImageId: old }));
    await assert.rejects(run({ ImageId: old }), { name: "InvalidAMIID.NotFound" });
  });

  test("no capacity and no quota are refused with their codes, and nothing is made", async () => {
    const volumes = async () => (await ec2.send(new DescribeVolumesCommand({}))).Volumes?.length;
    const had = await volumes();
    lab.aws.cloud.changeSettings({ noCapacity: ["us-east-1a/t3.micro"] });
    await assert.rejects(run(), { name: "InsufficientInstanceCapacity" });
    const elsewhere = (await ec2.send(new DescribeSubnetsCommand({}))).Subnets?.find(
      ({ AvailabilityZone }) => AvailabilityZone === "us-east-1b",
    );
    lab.aws.ec2.quotas.set("us-east-1", "L-1216C47A", 1);
    await assert.rejects(run({ SubnetId: elsewhere?.SubnetId }), { name: "VcpuLimitExceeded" });
    lab.aws.ec2.quotas.set("us-east-1", "L-1216C47A", 256);
    lab.aws.cloud.changeSettings({ noCapacity: [] });
    assert.equal(await volumes(), had);
  });

  test("a pulled plug shows as a stopped instance with the reason", async () => {
    const { InstanceId } = await run();
    await reach(InstanceId, "running");
    assert.ok(lab.aws.ec2.guests.crash(InstanceId as string));
    await reach(InstanceId, "stopped");
    assert.equal((await get(InstanceId)).StateReason?.Code, "Server.InternalError");
  });

  test("a server that is killed leaves its guests running, and its successor has them all", async () => {
    const { InstanceId } = await run();
    await reach(InstanceId, "running");
    const before = await get(InstanceId);
    await lab.restart();
    ec2 = lab.ec2();
    assert.deepEqual(await get(InstanceId), before);
    await ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId as string] }));
    await reach(InstanceId, "stopped");
  });
});
