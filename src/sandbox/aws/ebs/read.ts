import { randomBytes } from "node:crypto";
import type * as ebs from "@aws-sdk/client-ebs";
import { blockBytes } from "../../cloud/disks/layer-reader.ts";
import type { Call } from "../cloud.ts";
import type { Registry } from "../ec2/registry.ts";
import type { VolumeStore } from "../ec2/volume-store.ts";
import type { Keys } from "../kms/keys.ts";
import type { Snapshot } from "../state.ts";
import { findSnapshot, invalid } from "./refusals.ts";
import { EbsTokens } from "./tokens.ts";
import { keyDenied } from "./write.ts";

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-faq.html: fewer than 100 are never promised. */
const pageLeast = 100;
const pageMost = 10_000;

interface PageInput {
  readonly NextToken?: string;
  readonly MaxResults?: number;
  readonly StartingBlockIndex?: number;
}

/** Reading snapshots: which blocks there are, which differ, and their bytes. */
export function readOperations(registry: Registry, store: VolumeStore, keys: Keys) {
  const { cloud } = registry;
  const secret =
    cloud.tables.settings.get("ebs-token-key") ??
    cloud.tables.settings.put({ id: "ebs-token-key", value: randomBytes(32).toString("hex") });
  const tokens = new EbsTokens(Buffer.from(String(secret.value), "hex"));

  const readable = (call: Call, id: string): Snapshot => {
    const snapshot = findSnapshot(registry, call, id);
    if (store.stateOf(snapshot) !== "completed") {
      throw invalid("INVALID_SNAPSHOT_ID", `The snapshot '${id}' is not in the completed state`);
    }
    if (snapshot.kmsKeyArn && !keys.isUsable(snapshot.kmsKeyArn)) throw keyDenied(snapshot.kmsKeyArn);
    return snapshot;
  };
  /** The part of a list that a page shows, and the token of the next one. */
  const page = (indexes: Uint32Array, scope: string, input: PageInput) => {
    const start =
      input.NextToken === undefined
        ? (input.StartingBlockIndex ?? 0)
        : tokens.read(scope, input.NextToken, "INVALID_PAGE_TOKEN");
    const first = lowerBound(indexes, start);
    const size = Math.min(pageMost, Math.max(pageLeast, input.MaxResults ?? pageMost));
    // An empty page with a token is allowed to come at any time; switched on, the first page is one.
    const empty = cloud.settings.emptyFirstPage && input.NextToken === undefined;
    const shown = empty ? new Uint32Array() : indexes.subarray(first, first + size);
    const next = empty ? start : indexes[first + size];
    const nextPage = tokens.listing(scope, Date.now() + cloud.settings.pageTokenMs);
    return { shown, ...(next === undefined ? {} : { NextToken: nextPage(next) }) };
  };
  const facts = (snapshot: Snapshot) => {
    const expiresAt = Date.now() + cloud.settings.blockTokenMs;
    return {
      expiresAt,
      common: { ExpiryTime: new Date(expiresAt), VolumeSize: snapshot.sizeGib, BlockSize: blockBytes },
    };
  };

  return {
    ListSnapshotBlocks: async (
      call: Call,
      input: ebs.ListSnapshotBlocksRequest,
    ): Promise<ebs.ListSnapshotBlocksResponse> => {
      const snapshot = readable(call, input.SnapshotId ?? "");
      const { shown, NextToken } = page(await cloud.disks.blocks(snapshot.layerId), `list ${snapshot.id}`, input);
      const { expiresAt, common } = facts(snapshot);
      const token = tokens.listing(snapshot.id, expiresAt);
      const Blocks = Array.from(shown, (BlockIndex) => ({ BlockIndex, BlockToken: token(BlockIndex) }));
      return { Blocks, ...common, ...(NextToken ? { NextToken } : {}) };
    },

    ListChangedBlocks: async (
      call: Call,
      input: ebs.ListChangedBlocksRequest,
    ): Promise<ebs.ListChangedBlocksResponse> => {
      if (input.FirstSnapshotId === undefined)
        throw invalid("INVALID_PARAMETER_VALUE", "FirstSnapshotId must be specified");
      const first = readable(call, input.FirstSnapshotId);
      const second = readable(call, input.SecondSnapshotId ?? "");
      const changed =
        first.lineage === second.lineage ? await cloud.disks.changed(first.layerId, second.layerId) : undefined;
      if (!changed) {
        throw invalid("UNRELATED_SNAPSHOTS", `The snapshots ${first.id} and ${second.id} are not of the same lineage`);
      }
      const { shown, NextToken } = page(changed, `compare ${first.id} ${second.id}`, input);
      const { expiresAt, common } = facts(second);
      const [ofFirst, ofSecond] = [tokens.listing(first.id, expiresAt), tokens.listing(second.id, expiresAt)];
      const [inFirst, inSecond] = [await presence(first), await presence(second)];
      const ChangedBlocks = Array.from(shown, (BlockIndex) => ({
        BlockIndex,
        ...(inFirst(BlockIndex) ? { FirstBlockToken: ofFirst(BlockIndex) } : {}),
        ...(inSecond(BlockIndex) ? { SecondBlockToken: ofSecond(BlockIndex) } : {}),
      }));
      return { ChangedBlocks, ...common, ...(NextToken ? { NextToken } : {}) };
    },

    /** Outside the schema's way: half a mebibyte a call. */
    getBlock: async (
      call: Call,
      snapshotId: string,
      index: number,
      token: string,
    ): Promise<{ data: Buffer; checksum: string }> => {
      const snapshot = readable(call, snapshotId);
      if (tokens.read(snapshot.id, token, "INVALID_BLOCK_TOKEN") !== index) {
        throw invalid("INVALID_BLOCK_TOKEN", "The block token is not that of the block index");
      }
      const { data, sha256 } = await cloud.disks.read(snapshot.layerId, index);
      return { data, checksum: sha256.toString("base64") };
    },
  };

  async function presence({ layerId }: Snapshot): Promise<(index: number) => boolean> {
    const blocks = await cloud.disks.blocks(layerId);
    return (index) => blocks[lowerBound(blocks, index)] === index;
  }
}

/** Position of the first element that is not less than `value`. */
function lowerBound(sorted: Uint32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
