import type { models } from "oci-core";
import type { Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { codeFailure } from "./errors.ts";
import { stateOf } from "./models.ts";
import { createdTags, token, toWire } from "./tags.ts";
import { goneIsUndefined, isOver } from "./view.ts";
import { poll } from "./wait.ts";

/**
 * Backs several volumes up at one moment: that takes a volume group, which is made for it and goes again. Returns the volumes'
 * backups, which belong together to Oracle: they are deleted with their group's backup only.
 */
export async function backUpTogether(
  oci: Oci,
  input: { readonly key: string; readonly availabilityDomain: string; readonly volumeIds: readonly string[] },
  subject: Subject,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { key, availabilityDomain, volumeIds } = input;
  const { block } = oci;
  const compartmentId = await oci.compartment();
  const freeformTags = toWire(createdTags({}, key), { purpose: "group" });
  const displayName = `novacron ${key}`.slice(0, 255);
  const sourceDetails: models.VolumeGroupSourceFromVolumesDetails = { type: "volumeIds", volumeIds: [...volumeIds] };
  const createVolumeGroupDetails = { compartmentId, availabilityDomain, displayName, freeformTags, sourceDetails };
  const made = await block.call(
    "createVolumeGroup",
    { createVolumeGroupDetails, opcRetryToken: token("group", key, ...volumeIds) },
    subject,
    signal,
  );
  const volumeGroupId = made.volumeGroup.id;
  try {
    await poll(
      async () => {
        const { volumeGroup } = await block.call("getVolumeGroup", { volumeGroupId }, subject, signal);
        return stateOf(volumeGroup) === "AVAILABLE" ? true : undefined;
      },
      oci.patience,
      signal,
    );
    const createVolumeGroupBackupDetails = { volumeGroupId, compartmentId, displayName, freeformTags };
    const opcRetryToken = token("group-backup", key);
    const request = { createVolumeGroupBackupDetails, opcRetryToken };
    const { volumeGroupBackup } = await block.call("createVolumeGroupBackup", request, subject, signal);
    return await members(oci, volumeGroupBackup.id, subject, signal);
  } finally {
    await removeGroup(oci, volumeGroupId, subject, AbortSignal.timeout(60_000));
  }
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
