import type { models } from "oci-core";
import type { Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Backups } from "./backups.ts";
import type { Oci } from "./client.ts";
import { codeFailure, vendorCode } from "./errors.ts";
import { stateOf } from "./models.ts";
import { createdTags, hasKey, token, toWire } from "./tags.ts";
import { alive, goneIsUndefined, isOver, items } from "./view.ts";

const limit = 1_000;
/** A key whose volume group is gone gets another retry token; so many times at most. */
const rounds = 20;

interface Wanted {
  readonly key: string;
  readonly availabilityDomain: string;
  readonly volumeIds: readonly string[];
}

/**
 * Backs several volumes up at one moment: that takes a volume group, which is made for it and goes again. Returns the volumes'
 * backups, which belong together to Oracle: they are deleted with their group's backup only. What another call with the key has
 * begun is gone on with.
 */
export async function backUpTogether(
  oci: Oci,
  backups: Backups,
  input: Wanted,
  subject: Subject,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const begun = await find(oci, backups, input.key, subject, signal);
  const volumeGroupId = begun ? begun.volumeGroupId : await makeGroup(oci, input, subject, signal);
  const remove = async () => {
    if (volumeGroupId) await removeGroup(oci, volumeGroupId, subject, AbortSignal.timeout(60_000));
  };
  let ids: readonly string[];
  try {
    const backupId = begun?.id ?? (await backUp(oci, volumeGroupId ?? "", input.key, subject, signal));
    ids = await members(oci, backupId, subject, signal);
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
  // A volume that stays in it can be in no other one's group.
  await remove();
  return ids;
}

/** The backup of a group that was begun with the key, unless its parts were let go of meanwhile. */
async function find(
  oci: Oci,
  backups: Backups,
  key: string,
  subject: Subject,
  signal: AbortSignal,
): Promise<models.VolumeGroupBackup | undefined> {
  const compartmentId = await oci.compartment();
  const listed = items((page) =>
    oci.block.call("listVolumeGroupBackups", { compartmentId, limit, page }, subject, signal),
  );
  for await (const group of alive(listed)) {
    if (!hasKey(group, key) || stateOf(group) === "FAULTY") continue;
    const parts = await Promise.all(group.volumeBackupIds.map((id) => backups.byId(id, subject, signal)));
    if (parts.every((part) => part && part.notes.released === undefined)) return group;
  }
  return undefined;
}

async function makeGroup(oci: Oci, input: Wanted, subject: Subject, signal: AbortSignal): Promise<string> {
  const { key, availabilityDomain, volumeIds } = input;
  const { block } = oci;
  const compartmentId = await oci.compartment();
  const sourceDetails: models.VolumeGroupSourceFromVolumesDetails = { type: "volumeIds", volumeIds: [...volumeIds] };
  const createVolumeGroupDetails = { compartmentId, availabilityDomain, ...named(key), sourceDetails };
  for (let round = 0; ; round++) {
    const opcRetryToken = token("group", key, round, ...volumeIds);
    try {
      const request = { createVolumeGroupDetails, opcRetryToken };
      const { volumeGroup } = await block.call("createVolumeGroup", request, subject, signal);
      // A known token may answer with what has been deleted since.
      const answer = await goneIsUndefined(
        block.call("getVolumeGroup", { volumeGroupId: volumeGroup.id }, subject, signal),
      );
      const seen = answer?.volumeGroup ?? volumeGroup;
      if ((!isOver(seen) && stateOf(seen) !== "TERMINATING") || round === rounds) return volumeGroup.id;
    } catch (error) {
      if (vendorCode(error) !== "InvalidatedRetryToken" || round === rounds) throw error;
    }
  }
}

async function backUp(
  oci: Oci,
  volumeGroupId: string,
  key: string,
  subject: Subject,
  signal: AbortSignal,
): Promise<string> {
  const { block } = oci;
  await poll(
    async () => {
      const { volumeGroup } = await block.call("getVolumeGroup", { volumeGroupId }, subject, signal);
      return stateOf(volumeGroup) === "AVAILABLE" ? true : undefined;
    },
    oci.patience,
    signal,
  );
  const compartmentId = await oci.compartment();
  const createVolumeGroupBackupDetails = { volumeGroupId, compartmentId, ...named(key) };
  const opcRetryToken = token("group-backup", key, volumeGroupId);
  const request = { createVolumeGroupBackupDetails, opcRetryToken };
  return (await block.call("createVolumeGroupBackup", request, subject, signal)).volumeGroupBackup.id;
}

function named(key: string): { displayName: string; freeformTags: Record<string, string> } {
  return {
    displayName: `novacron ${key}`.slice(0, 255),
    freeformTags: toWire(createdTags({}, key), { purpose: "group" }),
  };
}

/** Once all of them can be used. */
async function members(
  oci: Oci,
  volumeGroupBackupId: string,
  subject: Subject,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const done = await poll(
    async () => {
      const request = { volumeGroupBackupId };
      const { volumeGroupBackup } = await oci.block.call("getVolumeGroupBackup", request, subject, signal);
      const state: string = volumeGroupBackup.lifecycleState;
      if (state === "FAULTY" || isOver(volumeGroupBackup)) {
        throw codeFailure("BackupFailed", `volume group backup ${volumeGroupBackupId} is faulty`, subject);
      }
      return state === "AVAILABLE" ? volumeGroupBackup.volumeBackupIds : undefined;
    },
    oci.patience,
    signal,
  );
  return done ?? [];
}

/** The volumes and their backups stay. */
async function removeGroup(oci: Oci, volumeGroupId: string, subject: Subject, signal: AbortSignal): Promise<void> {
  await poll(
    async () => {
      const answer = await goneIsUndefined(oci.block.call("getVolumeGroup", { volumeGroupId }, subject, signal));
      if (!answer || isOver(answer.volumeGroup)) return true;
      if (stateOf(answer.volumeGroup) !== "TERMINATING") {
        await goneIsUndefined(oci.block.call("deleteVolumeGroup", { volumeGroupId }, subject, signal));
      }
      return undefined;
    },
    oci.patience,
    signal,
  );
}
