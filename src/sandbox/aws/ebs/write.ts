import { createHash } from "node:crypto";
import type * as ebs from "@aws-sdk/client-ebs";
import { blockBytes } from "../../cloud/disks/layer-reader.ts";
import type { Call } from "../cloud.ts";
import { alone } from "../ec2/client-tokens.ts";
import { resource } from "../ec2/default-network.ts";
import type { Registry } from "../ec2/registry.ts";
import { withTags } from "../ec2/tags.ts";
import { GiB, type VolumeStore } from "../ec2/volume-store.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId } from "../ids.ts";
import type { Keys } from "../kms/keys.ts";
import type { Quotas } from "../quotas/quotas.ts";
import type { Snapshot } from "../state.ts";
import { findSnapshot, invalid, noQuota } from "./refusals.ts";

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html */
const gibAtMost = 65_536;

/** A new snapshot, block by block: StartSnapshot, PutSnapshotBlock, CompleteSnapshot. */
export function writeOperations(registry: Registry, store: VolumeStore, keys: Keys, quotas: Quotas) {
  const { cloud } = registry;
  const { tables, disks } = cloud;

  const writing = (call: Call, id: string): Snapshot => {
    const snapshot = findSnapshot(registry, call, id);
    if (snapshot.phase === "writing" && store.stateOf(snapshot) === "error") {
      throw new AwsError("ValidationException", `Snapshot ${id} timed out`, 400, { Reason: "WRITE_REQUEST_TIMEOUT" });
    }
    if (snapshot.phase !== "writing")
      throw invalid("INVALID_SNAPSHOT_ID", `Snapshot ${id} is not in the pending state`);
    return snapshot;
  };
  const describe = (snapshot: Snapshot): ebs.StartSnapshotResponse => ({
    SnapshotId: snapshot.id,
    OwnerId: accountId,
    Status: "pending",
    StartTime: new Date(snapshot.createdAt),
    VolumeSize: snapshot.sizeGib,
    BlockSize: blockBytes,
    Description: snapshot.description,
    Tags: Object.entries(snapshot.tags).map(([Key, Value]) => ({ Key, Value })),
    ...(snapshot.parentSnapshotId ? { ParentSnapshotId: snapshot.parentSnapshotId } : {}),
    ...(snapshot.kmsKeyArn ? { KmsKeyArn: snapshot.kmsKeyArn } : {}),
    SseType: snapshot.encrypted ? "sse-kms" : "none",
  });
  const parentOf = (call: Call, input: ebs.StartSnapshotRequest): Snapshot | undefined => {
    if (input.ParentSnapshotId === undefined) return undefined;
    if (input.Encrypted !== undefined || input.KmsKeyArn !== undefined) {
      throw invalid(
        "INVALID_PARAMETER_VALUE",
        "ParentSnapshotId can't be specified together with Encrypted or KmsKeyArn",
      );
    }
    const parent = findSnapshot(registry, call, input.ParentSnapshotId);
    if (store.stateOf(parent) !== "completed") {
      throw invalid("INVALID_SNAPSHOT_ID", `The parent snapshot ${parent.id} is not completed`);
    }
    if (input.VolumeSize !== undefined && input.VolumeSize < parent.sizeGib) {
      throw invalid(
        "INVALID_VOLUME_SIZE",
        `The volume size must be at least that of the parent snapshot: ${parent.sizeGib} GiB`,
      );
    }
    return parent;
  };

  const start = async (call: Call, input: ebs.StartSnapshotRequest): Promise<ebs.StartSnapshotResponse> => {
    const { ClientToken: clientToken, ...rest } = input;
    const fingerprint = createHash("sha256").update(JSON.stringify(rest)).digest("hex");
    const used = clientToken === undefined ? undefined : tables.tokens.get(tokenIdOf(call, clientToken));
    if (used && used.fingerprint !== fingerprint) {
      throw new AwsError(
        "ConflictException",
        "The request uses the same client token as a previous, but non-identical request.",
        409,
      );
    }
    // The original result, also when its snapshot was deleted since
    // (https://docs.aws.amazon.com/ebs/latest/userguide/ebs-direct-api-idempotency.html).
    if (used) {
      const [SnapshotId = ""] = used.resourceIds;
      const known = tables.snapshots.get(SnapshotId);
      if (known) return describe(known);
      const { VolumeSize } = input;
      return {
        SnapshotId,
        OwnerId: accountId,
        Status: "pending",
        StartTime: new Date(used.at),
        VolumeSize,
        BlockSize: blockBytes,
      };
    }
    const sizeGib = input.VolumeSize ?? 0;
    if (!Number.isInteger(sizeGib) || sizeGib < 1 || sizeGib > gibAtMost) {
      throw invalid("INVALID_VOLUME_SIZE", `The volume size must be between 1 and ${gibAtMost} GiB`);
    }
    const timeout = input.Timeout ?? 60;
    if (timeout < 10 || timeout > 4320)
      throw invalid("INVALID_PARAMETER_VALUE", "Timeout must be between 10 and 4320 minutes");
    const parent = parentOf(call, input);
    const pending = tables.snapshots.where(
      (one) => one.region === call.region && one.phase === "writing" && store.stateOf(one) === "pending",
    );
    if (pending.length >= quotas.value(call.region, "L-2DDFD0D0")) {
      throw noQuota("pending snapshots");
    }
    const encryption = parent
      ? { encrypted: parent.encrypted, ...(parent.kmsKeyArn ? { kmsKeyArn: parent.kmsKeyArn } : {}) }
      : encryptionOf(keys, call.region, input);
    const layerId = newId("ly");
    await disks.createBlocks(layerId, sizeGib * GiB, parent?.layerId);
    const snapshot = tables.snapshots.put({
      ...resource("snap", call.region, tagsOf(input.Tags)),
      ownerId: accountId,
      volumeId: "vol-ffffffff",
      sizeGib,
      description: input.Description ?? "",
      ...encryption,
      lineage: parent?.lineage ?? newId("lineage"),
      layerId,
      ...(parent ? { parentSnapshotId: parent.id } : {}),
      phase: "writing",
      timeoutMinutes: timeout,
    });
    if (clientToken !== undefined) {
      tables.tokens.put({ id: tokenIdOf(call, clientToken), fingerprint, resourceIds: [snapshot.id], at: Date.now() });
    }
    return describe(snapshot);
  };

  return {
    StartSnapshot: (call: Call, input: ebs.StartSnapshotRequest): Promise<ebs.StartSnapshotResponse> =>
      input.ClientToken === undefined
        ? start(call, input)
        : alone(registry.cloud, tokenIdOf(call, input.ClientToken), () => start(call, input)),

    CompleteSnapshot: async (call: Call, input: ebs.CompleteSnapshotRequest): Promise<ebs.CompleteSnapshotResponse> => {
      const id = input.SnapshotId ?? "";
      const found = findSnapshot(registry, call, id);
      // Completing twice is what a client does whose first answer got lost.
      if (found.phase === "sealed" && found.timeoutMinutes !== undefined) return { Status: store.stateOf(found) };
      const snapshot = writing(call, id);
      if (input.ChangedBlocksCount === undefined || input.ChangedBlocksCount < 0) {
        throw invalid("INVALID_PARAMETER_VALUE", "ChangedBlocksCount must be at least 0");
      }
      const { count, sums } = disks.written(snapshot.layerId);
      const wrong =
        count === input.ChangedBlocksCount
          ? checksumProblem(input, sums)
          : `${count} blocks were written, and ChangedBlocksCount says ${input.ChangedBlocksCount}`;
      // The request is accepted; what is wrong with it shows in the snapshot's state.
      if (wrong !== undefined) {
        tables.snapshots.change(snapshot.id, { phase: "error", stateMessage: wrong });
        return { Status: "pending" };
      }
      await disks.seal(snapshot.layerId);
      tables.snapshots.change(snapshot.id, { phase: "sealed", sealedAt: Date.now() });
      store.lastWrite.delete(snapshot.id);
      return { Status: "pending" };
    },

    /** Outside the schema's way: half a mebibyte a call. */
    putBlock: async (
      call: Call,
      snapshotId: string,
      index: number,
      headers: BlockHeaders,
      { body: data, bodySha256 }: { readonly body: Buffer; readonly bodySha256: () => Buffer },
    ): Promise<string> => {
      const snapshot = writing(call, snapshotId);
      if (snapshot.kmsKeyArn && !keys.isUsable(snapshot.kmsKeyArn)) throw keyDenied(snapshot.kmsKeyArn);
      if (headers.dataLength !== blockBytes || data.length !== blockBytes) {
        throw invalid("INVALID_BLOCK", `The data length must be ${blockBytes} bytes`);
      }
      if (index < 0 || index >= (snapshot.sizeGib * GiB) / blockBytes) {
        throw invalid("INVALID_BLOCK", `Block index ${index} is outside the volume`);
      }
      if (headers.algorithm !== "SHA256")
        throw invalid("INVALID_PARAMETER_VALUE", "The checksum algorithm must be SHA256");
      const sha256 = bodySha256();
      const checksum = sha256.toString("base64");
      if (checksum !== headers.checksum) throw invalid("INVALID_BLOCK", "The checksum does not match the block's data");
      await disks.putBlock(snapshot.layerId, index, data, sha256);
      store.lastWrite.set(snapshotId, Date.now());
      return checksum;
    },
  };
}

export interface BlockHeaders {
  readonly dataLength: number;
  readonly checksum: string;
  readonly algorithm: string;
}

export function keyDenied(arn: string): AwsError {
  const message = `The KMS key ${arn} can't be used: it is disabled, about to be deleted, or not accessible`;
  return new AwsError("AccessDeniedException", message, 403, { Reason: "DEPENDENCY_ACCESS_DENIED" });
}

/** LINEAR: SHA-256 over the blocks' raw digests by ascending index, as AWS's own coldsnap does it. */
function checksumProblem(input: ebs.CompleteSnapshotRequest, sums: () => Iterable<Buffer>): string | undefined {
  if (input.Checksum === undefined) return undefined;
  if (input.ChecksumAlgorithm !== "SHA256" || input.ChecksumAggregationMethod !== "LINEAR") {
    throw invalid(
      "INVALID_PARAMETER_VALUE",
      "A checksum needs ChecksumAlgorithm SHA256 and ChecksumAggregationMethod LINEAR",
    );
  }
  const hash = createHash("sha256");
  for (const sum of sums()) hash.update(sum);
  return hash.digest("base64") === input.Checksum
    ? undefined
    : "The checksum does not match the blocks that were written";
}

function encryptionOf(
  keys: Keys,
  region: string,
  input: ebs.StartSnapshotRequest,
): { encrypted: boolean; kmsKeyArn?: string } {
  if (input.KmsKeyArn !== undefined && input.Encrypted !== true && !keys.encryptsByDefault(region)) {
    throw invalid("INVALID_PARAMETER_VALUE", "KmsKeyArn needs Encrypted");
  }
  try {
    return keys.encryption(region, {
      ...(input.Encrypted === undefined ? {} : { encrypted: input.Encrypted }),
      ...(input.KmsKeyArn === undefined ? {} : { keyId: input.KmsKeyArn }),
    });
  } catch (error) {
    throw error instanceof AwsError && error.code.startsWith("InvalidKMSKey")
      ? invalid("INVALID_CUSTOMER_KEY", error.message)
      : error;
  }
}

function tagsOf(tags: readonly ebs.Tag[] | undefined) {
  try {
    return withTags({}, tags);
  } catch (error) {
    throw invalid("INVALID_TAG", (error as Error).message);
  }
}

function tokenIdOf({ region }: Call, clientToken: string): string {
  return `${region}/StartSnapshot/${clientToken}`;
}
