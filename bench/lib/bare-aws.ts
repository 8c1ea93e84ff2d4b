/** What anybody has to do who moves a disk to EBS or from there and boots it, by the SDK alone. */
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CompleteSnapshotCommand,
  EBSClient,
  GetSnapshotBlockCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from "@aws-sdk/client-ebs";
import * as ec2 from "@aws-sdk/client-ec2";
import { seconds } from "./measure.ts";
import type { NbdLab } from "./nbd-lab.ts";
import type { Site, StackLab } from "./stack-lab.ts";

const inFlight = 16;
const blockBytes = 512 * 1024;
const gib = 2 ** 30;
const pollMs = 20;
const withinMs = 60_000;
const instanceType = "t3.micro";
const device = "/dev/xvda";

interface Block {
  readonly index: number;
  readonly bytes: Buffer;
}

export class BareAws {
  readonly site: Site = "aws-us-east-1";
  readonly #ec2: ec2.EC2Client;
  readonly #ebs: EBSClient;
  readonly #nbd: NbdLab;
  readonly #marker: RegExp;

  private constructor(clients: { ec2: ec2.EC2Client; ebs: EBSClient }, nbd: NbdLab, marker: RegExp) {
    this.#ec2 = clients.ec2;
    this.#ebs = clients.ebs;
    this.#nbd = nbd;
    this.#marker = marker;
  }

  /** The lab's simulated AWS, without the delays and rates of the real one. */
  static async open(lab: StackLab, nbd: NbdLab, marker: RegExp): Promise<BareAws> {
    const atOnce = { consistencyMs: 0, volumeCreatingMs: 0, snapshotPendingMs: 0, imagePendingMs: 0 };
    await lab.sandbox("POST", "/aws/settings", { ...atOnce, throttling: false });
    const { providers } = JSON.parse(await readFile(join(lab.dir, "sites.json"), "utf8")) as {
      providers: { type: string; endpoint: string; credentials: { access_key: string; secret_key: string } }[];
    };
    const entry = providers.find(({ type }) => type === "aws");
    if (!entry) throw new Error("The lab has no AWS.");
    const { access_key: accessKeyId, secret_key: secretAccessKey } = entry.credentials;
    const shared = { region: "us-east-1", endpoint: entry.endpoint, credentials: { accessKeyId, secretAccessKey } };
    return new BareAws({ ec2: new ec2.EC2Client(shared), ebs: new EBSClient(shared) }, nbd, marker);
  }

  /** Seconds from the image file to a completed snapshot, which is then deleted. */
  async timeUpload(disk: string): Promise<number> {
    let snapshotId = "";
    const time = await seconds(async () => {
      snapshotId = await this.#upload(disk);
    });
    await this.#ec2.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshotId }));
    return time;
  }

  /** An AMI of that disk. */
  async imageOf(disk: string): Promise<string> {
    const SnapshotId = await this.#upload(disk);
    const { ImageId = "" } = await this.#ec2.send(
      new ec2.RegisterImageCommand({
        Name: `bare-${SnapshotId}`,
        Architecture: "x86_64",
        VirtualizationType: "hvm",
        EnaSupport: true,
        RootDeviceName: device,
        BlockDeviceMappings: [{ DeviceName: device, Ebs: { SnapshotId } }],
      }),
    );
    return ImageId;
  }

  /** Seconds from the order to the marker on the console; the instance is then terminated. */
  async timeBoot(imageId: string): Promise<number> {
    let instanceId = "";
    const time = await seconds(async () => {
      instanceId = await this.#run(imageId);
      await this.#booted(instanceId);
    });
    await this.#ec2.send(new ec2.TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    return time;
  }

  /** An instance of it, booted once and then off. */
  async launch(imageId: string): Promise<string> {
    const instanceId = await this.#run(imageId);
    await this.#booted(instanceId);
    await this.stop(instanceId);
    return instanceId;
  }

  async start(instanceId: string): Promise<void> {
    const before = await this.#console(instanceId);
    await this.#ec2.send(new ec2.StartInstancesCommand({ InstanceIds: [instanceId] }));
    await this.#booted(instanceId, before);
  }

  async stop(instanceId: string): Promise<void> {
    await this.#ec2.send(new ec2.StopInstancesCommand({ InstanceIds: [instanceId], Force: true }));
    await this.#until(async () => {
      const { Reservations = [] } = await this.#ec2.send(
        new ec2.DescribeInstancesCommand({ InstanceIds: [instanceId] }),
      );
      return Reservations[0]?.Instances?.[0]?.State?.Name === "stopped";
    });
  }

  /** Seconds from the order of a snapshot of the instance's disk to a QCOW2 image of it here. */
  async timeDownload(instanceId: string): Promise<number> {
    const { Volumes = [] } = await this.#ec2.send(
      new ec2.DescribeVolumesCommand({ Filters: [{ Name: "attachment.instance-id", Values: [instanceId] }] }),
    );
    const [volume] = Volumes;
    let snapshotId = "";
    const time = await seconds(async () => {
      const made = await this.#ec2.send(new ec2.CreateSnapshotCommand({ VolumeId: volume?.VolumeId }));
      snapshotId = made.SnapshotId ?? "";
      await this.#completed(snapshotId);
      const raw = this.#nbd.raw("from-aws.raw", (volume?.Size ?? 1) * gib);
      await this.#download(snapshotId, raw);
      await this.#nbd.image("convert", "-f", "raw", "-O", "qcow2", raw, this.#nbd.file("from-aws.qcow2"));
    });
    await this.#ec2.send(new ec2.DeleteSnapshotCommand({ SnapshotId: snapshotId }));
    return time;
  }

  async #upload(disk: string): Promise<string> {
    const raw = this.#nbd.file("to-aws.raw");
    await this.#nbd.image("convert", "-f", "qcow2", "-O", "raw", disk, raw);
    const VolumeSize = Math.ceil((await this.#nbd.sizeBytes(disk)) / gib);
    const { SnapshotId = "" } = await this.#ebs.send(new StartSnapshotCommand({ VolumeSize, Encrypted: true }));
    const file = await open(raw);
    let ChangedBlocksCount = 0;
    try {
      await lanes(blocksOf(file), async ({ index, bytes }) => {
        ChangedBlocksCount += 1;
        await this.#ebs.send(
          new PutSnapshotBlockCommand({
            SnapshotId,
            BlockIndex: index,
            BlockData: bytes,
            DataLength: blockBytes,
            Checksum: createHash("sha256").update(bytes).digest("base64"),
            ChecksumAlgorithm: "SHA256",
          }),
        );
      });
    } finally {
      await file.close();
    }
    await this.#ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount }));
    await this.#completed(SnapshotId);
    return SnapshotId;
  }

  async #download(SnapshotId: string, raw: string): Promise<void> {
    const { Blocks = [] } = await this.#ebs.send(new ListSnapshotBlocksCommand({ SnapshotId, MaxResults: 10_000 }));
    const file = await open(raw, "r+");
    try {
      await lanes(Blocks, async ({ BlockIndex = 0, BlockToken }) => {
        const got = await this.#ebs.send(new GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken }));
        const bytes = await got.BlockData?.transformToByteArray();
        if (!bytes || createHash("sha256").update(bytes).digest("base64") !== got.Checksum) {
          throw new Error(`Block ${BlockIndex} is damaged.`);
        }
        await file.write(bytes, 0, bytes.length, BlockIndex * blockBytes);
      });
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #run(ImageId: string): Promise<string> {
    const wish = { ImageId, InstanceType: instanceType, MinCount: 1, MaxCount: 1 } as const;
    const { Instances = [] } = await this.#ec2.send(new ec2.RunInstancesCommand(wish));
    return Instances[0]?.InstanceId ?? "";
  }

  /** `before` is what the console showed of an earlier boot; it begins anew with each. */
  #booted(instanceId: string, before = ""): Promise<void> {
    return this.#until(async () => {
      const shown = await this.#console(instanceId);
      return shown !== before && this.#marker.test(shown);
    });
  }

  async #console(InstanceId: string): Promise<string> {
    const { Output = "" } = await this.#ec2.send(new ec2.GetConsoleOutputCommand({ InstanceId, Latest: true }));
    return Buffer.from(Output, "base64").toString("latin1");
  }

  async #completed(snapshotId: string): Promise<void> {
    await this.#until(async () => {
      const wish = { SnapshotIds: [snapshotId] };
      const { Snapshots = [] } = await this.#ec2.send(new ec2.DescribeSnapshotsCommand(wish));
      return Snapshots[0]?.State === "completed";
    });
  }

  async #until(holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + withinMs; !(await holds()); ) {
      if (Date.now() > deadline) throw new Error("AWS took too long.");
      await sleep(pollMs);
    }
  }
}

async function* blocksOf(file: Awaited<ReturnType<typeof open>>): AsyncGenerator<Block> {
  const zero = Buffer.alloc(blockBytes);
  const { size } = await file.stat();
  for (let index = 0; index * blockBytes < size; index++) {
    const bytes = Buffer.alloc(blockBytes);
    await file.read(bytes, 0, blockBytes, index * blockBytes);
    if (!bytes.equals(zero)) yield { index, bytes };
  }
}

/** So many at once, in the order of the list. */
async function lanes<T>(items: Iterable<T> | AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const source = toAsync(items);
  const lane = async (): Promise<void> => {
    for (let next = await source.next(); !next.done; next = await source.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

async function* toAsync<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
