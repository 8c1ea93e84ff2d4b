import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CompleteSnapshotCommand, EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import * as ec2 from "@aws-sdk/client-ec2";
import type { StackLab } from "./stack-lab.ts";

const blockBytes = 512 * 1024;
/** Of each disk, which is 1 GiB. */
const blocks = 4;
/** Each starts a machine of its own for a moment. */
const startedAtOnce = 10;
const pollMs = 200;
const withinMs = 300_000;
const device = "/dev/xvda";

/** Instances of the lab's simulated AWS that are off, each with a disk on which nothing is written. */
export async function idleInstances(
  lab: StackLab,
  count: number,
  onProgress: (made: number) => void,
): Promise<string[]> {
  const late = await lab.sandbox<{ consistencyMs: number }>("GET", "/aws/settings");
  await lab.sandbox("POST", "/aws/settings", { stopGraceMs: 0, guestMemoryMib: 64, consistencyMs: 0 });
  const { providers } = JSON.parse(await readFile(join(lab.dir, "sites.json"), "utf8")) as {
    providers: { type: string; endpoint: string; credentials: { access_key: string; secret_key: string } }[];
  };
  const entry = providers.find(({ type }) => type === "aws");
  if (!entry) throw new Error("The lab has no AWS.");
  const { access_key: accessKeyId, secret_key: secretAccessKey } = entry.credentials;
  const shared = { region: "us-east-1", endpoint: entry.endpoint, credentials: { accessKeyId, secretAccessKey } };
  const client = new ec2.EC2Client({ ...shared, maxAttempts: 10 });
  const ImageId = await image(client, new EBSClient(shared));
  const made: string[] = [];
  while (made.length < count) {
    const wanted = Math.min(startedAtOnce, count - made.length);
    const wish = { ImageId, InstanceType: "t3.micro", MinCount: wanted, MaxCount: wanted } as const;
    const { Instances = [] } = await client.send(new ec2.RunInstancesCommand(wish));
    const InstanceIds = Instances.map(({ InstanceId = "" }) => InstanceId);
    await until(client, InstanceIds, "running");
    await client.send(new ec2.StopInstancesCommand({ InstanceIds, Force: true }));
    await until(client, InstanceIds, "stopped");
    made.push(...InstanceIds);
    onProgress(made.length);
  }
  client.destroy();
  await lab.sandbox("POST", "/aws/settings", { consistencyMs: late.consistencyMs });
  return made;
}

async function image(client: ec2.EC2Client, ebs: EBSClient): Promise<string> {
  const { SnapshotId = "" } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
  for (let index = 0; index < blocks; index++) {
    const BlockData = randomBytes(blockBytes);
    const Checksum = createHash("sha256").update(BlockData).digest("base64");
    const block = { SnapshotId, BlockIndex: index, BlockData, DataLength: blockBytes, Checksum };
    await ebs.send(new PutSnapshotBlockCommand({ ...block, ChecksumAlgorithm: "SHA256" }));
  }
  await ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: blocks }));
  ebs.destroy();
  await looked(async () => {
    const { Snapshots = [] } = await client.send(new ec2.DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId] }));
    return Snapshots[0]?.State === "completed";
  });
  const { ImageId = "" } = await client.send(
    new ec2.RegisterImageCommand({
      Name: `idle-${SnapshotId}`,
      Architecture: "x86_64",
      VirtualizationType: "hvm",
      EnaSupport: true,
      RootDeviceName: device,
      BlockDeviceMappings: [{ DeviceName: device, Ebs: { SnapshotId } }],
    }),
  );
  await looked(async () => {
    const { Images = [] } = await client.send(new ec2.DescribeImagesCommand({ ImageIds: [ImageId] }));
    return Images[0]?.State === "available";
  });
  return ImageId;
}

function until(client: ec2.EC2Client, InstanceIds: string[], state: ec2.InstanceStateName): Promise<void> {
  return looked(async () => {
    const { Reservations = [] } = await client.send(new ec2.DescribeInstancesCommand({ InstanceIds }));
    const states = Reservations.flatMap(({ Instances = [] }) => Instances.map(({ State }) => State?.Name));
    const lost = states.find((each) => each === "terminated");
    if (lost) throw new Error("An idle instance has ended.");
    return states.length === InstanceIds.length && states.every((each) => each === state);
  });
}

/** What EC2 does not show yet is not there yet. */
async function looked(holds: () => Promise<boolean>): Promise<void> {
  const soon = (error: unknown): boolean => {
    if (error instanceof Error && /NotFound/.test(error.name)) return false;
    throw error;
  };
  for (const deadline = Date.now() + withinMs; !(await holds().catch(soon)); await sleep(pollMs)) {
    if (Date.now() > deadline) throw new Error("AWS took too long.");
  }
}
