import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  type Block,
  CompleteSnapshotCommand,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
  type StartSnapshotCommandInput,
} from "@aws-sdk/client-ebs";
import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
} from "@aws-sdk/client-ec2";
import { after, describe, test } from "../../support/needs-qemu.ts";
import { startAwsLab } from "./support.ts";

const blockBytes = 524_288;
const lab = await startAwsLab();
const ebs = lab.ebs();
const ec2 = lab.ec2();
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

async function start(input: Partial<StartSnapshotCommandInput> = {}): Promise<string> {
  const { SnapshotId } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...input }));
  return SnapshotId as string;
}

async function put(SnapshotId: string, blocks: ReadonlyMap<number, Buffer>): Promise<void> {
  for (const [BlockIndex, BlockData] of blocks) {
    const Checksum = sha256(BlockData).toString("base64");
    await ebs.send(
      new PutSnapshotBlockCommand({
        SnapshotId,
        BlockIndex,
        BlockData,
        DataLength: blockBytes,
        Checksum,
        ChecksumAlgorithm: "SHA256",
      }),
    );
  }
}

async function complete(SnapshotId: string, blocks: ReadonlyMap<number, Buffer>): Promise<void> {
  const linear = createHash("sha256");
  for (const index of [...blocks.keys()].sort((a, b) => a - b)) linear.update(sha256(blocks.get(index) as Buffer));
  await ebs.send(
    new CompleteSnapshotCommand({
      SnapshotId,
      ChangedBlocksCount: blocks.size,
      Checksum: linear.digest("base64"),
      ChecksumAlgorithm: "SHA256",
      ChecksumAggregationMethod: "LINEAR",
    }),
  );
}

async function snapshotOf(
  blocks: ReadonlyMap<number, Buffer>,
  input: Partial<StartSnapshotCommandInput> = {},
): Promise<string> {
  const id = await start(input);
  await put(id, blocks);
  await complete(id, blocks);
  return id;
}

async function read(SnapshotId: string, { BlockIndex, BlockToken }: Block): Promise<Buffer> {
  const answer = await ebs.send(new GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken }));
  const bytes = Buffer.from((await answer.BlockData?.transformToByteArray()) ?? []);
  assert.equal(answer.Checksum, sha256(bytes).toString("base64"));
  return bytes;
}

const stateOf = async (id: string) =>
  (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots?.[0]?.State;

describe("a snapshot written block by block", () => {
  const first = new Map([
    [5, randomBytes(blockBytes)],
    [0, randomBytes(blockBytes)],
    [2047, randomBytes(blockBytes)],
  ]);

  test("reads back as it was written, in order, and only what was written", async () => {
    const id = await snapshotOf(first);
    assert.equal(await stateOf(id), "completed");
    const { Blocks = [], BlockSize, VolumeSize } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }));
    assert.deepEqual(
      [BlockSize, VolumeSize, Blocks.map(({ BlockIndex }) => BlockIndex)],
      [blockBytes, 1, [0, 5, 2047]],
    );
    for (const block of Blocks)
      assert.ok((await read(id, block)).equals(first.get(block.BlockIndex as number) as Buffer));
  });

  test("a child holds its parent's blocks and its own, and the changed blocks are its own", async () => {
    const parent = await snapshotOf(first);
    const own = new Map([
      [5, Buffer.alloc(blockBytes)],
      [7, randomBytes(blockBytes)],
    ]);
    const child = await snapshotOf(own, { ParentSnapshotId: parent });
    const { Blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: child }));
    assert.deepEqual(
      Blocks.map(({ BlockIndex }) => BlockIndex),
      [0, 5, 7, 2047],
    );
    assert.ok((await read(child, Blocks[0] as Block)).equals(first.get(0) as Buffer));
    assert.ok((await read(child, Blocks[1] as Block)).equals(Buffer.alloc(blockBytes)));
    const { ChangedBlocks = [] } = await ebs.send(
      new ListChangedBlocksCommand({ FirstSnapshotId: parent, SecondSnapshotId: child }),
    );
    const tokens = ChangedBlocks.map(({ BlockIndex, FirstBlockToken, SecondBlockToken }) => [
      BlockIndex,
      FirstBlockToken !== undefined,
      SecondBlockToken !== undefined,
    ]);
    assert.deepEqual(tokens, [
      [5, true, true],
      [7, false, true],
    ]);
    // A parent may go: the child keeps what it needs.
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId: parent }));
    await lab.aws.cloud.settled();
    assert.ok((await read(child, Blocks[3] as Block)).equals(first.get(2047) as Buffer));
  });

  test("siblings of one parent differ where either was written", async () => {
    const parent = await snapshotOf(first);
    const one = await snapshotOf(new Map([[1, randomBytes(blockBytes)]]), { ParentSnapshotId: parent });
    const other = await snapshotOf(new Map([[2, randomBytes(blockBytes)]]), { ParentSnapshotId: parent });
    const { ChangedBlocks = [] } = await ebs.send(
      new ListChangedBlocksCommand({ FirstSnapshotId: one, SecondSnapshotId: other }),
    );
    assert.deepEqual(
      ChangedBlocks.map(({ BlockIndex }) => BlockIndex),
      [1, 2],
    );
  });

  test("snapshots of different lineages can't be compared", async () => {
    const [one, other] = [await snapshotOf(first), await snapshotOf(first)];
    await assert.rejects(ebs.send(new ListChangedBlocksCommand({ FirstSnapshotId: one, SecondSnapshotId: other })), {
      name: "ValidationException",
      Reason: "UNRELATED_SNAPSHOTS",
    });
  });

  test("a snapshot of a volume made of it belongs to its lineage", async () => {
    const origin = await snapshotOf(first);
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({ SnapshotId: origin, AvailabilityZone: "us-east-1a" }),
    );
    const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId }));
    const { ChangedBlocks } = await ebs.send(
      new ListChangedBlocksCommand({ FirstSnapshotId: origin, SecondSnapshotId: SnapshotId }),
    );
    assert.deepEqual(ChangedBlocks, []);
    const { Blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId }));
    assert.ok((await read(SnapshotId as string, Blocks[1] as Block)).equals(first.get(5) as Buffer));
  });
});

describe("what EBS direct refuses", () => {
  const block = randomBytes(blockBytes);
  const good = {
    BlockIndex: 0,
    BlockData: block,
    DataLength: blockBytes,
    Checksum: sha256(block).toString("base64"),
    ChecksumAlgorithm: "SHA256" as const,
  };

  test("a checksum that isn't the block's, another length, an index beyond the volume", async () => {
    const SnapshotId = await start();
    const wrong = sha256(Buffer.from("else")).toString("base64");
    await assert.rejects(ebs.send(new PutSnapshotBlockCommand({ SnapshotId, ...good, Checksum: wrong })), {
      Reason: "INVALID_BLOCK",
    });
    const short = block.subarray(0, 4096);
    await assert.rejects(
      ebs.send(
        new PutSnapshotBlockCommand({
          SnapshotId,
          ...good,
          BlockData: short,
          DataLength: 4096,
          Checksum: sha256(short).toString("base64"),
        }),
      ),
      { Reason: "INVALID_BLOCK" },
    );
    await assert.rejects(ebs.send(new PutSnapshotBlockCommand({ SnapshotId, ...good, BlockIndex: 2048 })), {
      Reason: "INVALID_BLOCK",
    });
  });

  test("a wrong count or a wrong checksum at the end puts the snapshot into error", async () => {
    for (const wrong of [
      { ChangedBlocksCount: 2 },
      {
        ChangedBlocksCount: 1,
        Checksum: sha256(block).toString("base64"),
        ChecksumAlgorithm: "SHA256" as const,
        ChecksumAggregationMethod: "LINEAR" as const,
      },
    ]) {
      const SnapshotId = await start();
      await ebs.send(new PutSnapshotBlockCommand({ SnapshotId, ...good }));
      await ebs.send(new CompleteSnapshotCommand({ SnapshotId, ...wrong }));
      assert.equal(await stateOf(SnapshotId), "error");
    }
  });

  test("blocks for a completed snapshot, and reads of a pending one", async () => {
    const id = await snapshotOf(new Map([[0, block]]));
    await assert.rejects(ebs.send(new PutSnapshotBlockCommand({ SnapshotId: id, ...good })), {
      name: "ValidationException",
    });
    await assert.rejects(ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: await start() })), {
      name: "ValidationException",
    });
  });

  test("a parent together with encryption, or smaller than its parent", async () => {
    const parent = await snapshotOf(new Map([[0, block]]), { VolumeSize: 2 });
    await assert.rejects(start({ ParentSnapshotId: parent, VolumeSize: 2, Encrypted: true }), {
      name: "ValidationException",
    });
    await assert.rejects(start({ ParentSnapshotId: parent, VolumeSize: 1 }), { Reason: "INVALID_VOLUME_SIZE" });
  });

  test("a false, foreign or expired block token", async () => {
    const [one, other] = [await snapshotOf(new Map([[0, block]])), await snapshotOf(new Map([[0, block]]))];
    const { Blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: one }));
    const token = Blocks[0] as Block;
    await assert.rejects(read(other, token), { Reason: "INVALID_BLOCK_TOKEN" });
    await assert.rejects(read(one, { ...token, BlockToken: `${token.BlockToken?.slice(0, -4)}AAAA` }), {
      Reason: "INVALID_BLOCK_TOKEN",
    });
    lab.aws.cloud.changeSettings({ blockTokenMs: 1 });
    const stale = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: one }));
    lab.aws.cloud.changeSettings({ blockTokenMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await assert.rejects(read(one, stale.Blocks?.[0] as Block), /expired/);
    assert.ok((await read(one, token)).equals(block));
  });

  test("the same client token for another request; for the same one it answers with the same snapshot", async () => {
    const ClientToken = "token-1";
    const [id, meanwhile] = await Promise.all([start({ ClientToken }), start({ ClientToken })]);
    assert.deepEqual([meanwhile, await start({ ClientToken })], [id, id]);
    await assert.rejects(start({ ClientToken, VolumeSize: 3 }), { name: "ConflictException" });
  });

  test("more pending snapshots than an account may have", async () => {
    const { quotas } = lab.aws.ec2;
    quotas.set("us-east-1", "L-2DDFD0D0", 0);
    await assert.rejects(start(), { name: "ServiceQuotaExceededException" });
    quotas.set("us-east-1", "L-2DDFD0D0", 100);
  });
});

test("lists come in pages of at least 100, of which one may be empty", async () => {
  const id = await start();
  const block = Buffer.alloc(blockBytes, 1);
  const blocks = new Map(Array.from({ length: 130 }, (_, index) => [index * 3, block]));
  await put(id, blocks);
  await complete(id, blocks);
  const page = await ebs.send(
    new ListSnapshotBlocksCommand({ SnapshotId: id, MaxResults: 100, StartingBlockIndex: 4 }),
  );
  assert.deepEqual([page.Blocks?.length, page.Blocks?.[0]?.BlockIndex], [100, 6]);
  const rest = await ebs.send(
    new ListSnapshotBlocksCommand({ SnapshotId: id, MaxResults: 100, NextToken: page.NextToken }),
  );
  assert.deepEqual([rest.Blocks?.length, rest.Blocks?.[0]?.BlockIndex, rest.NextToken], [28, 306, undefined]);
  lab.aws.cloud.changeSettings({ emptyFirstPage: true });
  const empty = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }));
  assert.deepEqual([empty.Blocks, typeof empty.NextToken], [[], "string"]);
  const full = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id, NextToken: empty.NextToken }));
  assert.equal(full.Blocks?.length, 130);
  lab.aws.cloud.changeSettings({ emptyFirstPage: false, pageTokenMs: 1 });
  const stale = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id, MaxResults: 100 }));
  await new Promise((resolve) => setTimeout(resolve, 10));
  await assert.rejects(ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id, NextToken: stale.NextToken })), {
    Reason: "INVALID_PAGE_TOKEN",
  });
});
