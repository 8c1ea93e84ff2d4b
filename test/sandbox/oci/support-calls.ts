import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { OciError } from "oci-common";
import type { models } from "oci-core";
import type { OciLab } from "./support.ts";

export const blockBytes = 512 * 1024;

/** Holds a rejection to the vendor's status and code. */
export function refused(status: number, code: string) {
  return (error: unknown): true => {
    const { statusCode, serviceCode } = error as OciError;
    assert.deepEqual([statusCode, serviceCode], [status, code]);
    return true;
  };
}

/** Where the lab's resources go unless a test says otherwise. */
export function place(lab: OciLab): { compartmentId: string; availabilityDomain: string } {
  return { compartmentId: lab.oci.compartment, availabilityDomain: lab.oci.availabilityDomains[0] };
}

export async function createVolume(
  lab: OciLab,
  fields: Partial<models.CreateVolumeDetails> = {},
): Promise<models.Volume> {
  const createVolumeDetails = { ...place(lab), sizeInGBs: 1, ...fields };
  return (await lab.blockstorage().createVolume({ createVolumeDetails })).volume;
}

/** Blocks of one letter each, zeros where it is a space. */
export function blocks(letters: string): Buffer {
  return Buffer.concat(Array.from(letters, (letter) => Buffer.alloc(blockBytes, letter === " " ? 0 : letter)));
}

/** Writes to the start of a volume's disk that no guest has, as one would. */
export async function writeVolume(lab: OciLab, volumeId: string, content: Buffer): Promise<void> {
  const { cloud } = lab.oci;
  await withFile(content, async (file) => {
    const path = cloud.disks.path(cloud.tables.volumes.get(volumeId)?.layerId ?? "");
    const { exitCode, stderr } = await cloud.parts.tools.run("qemu-img", [
      "convert",
      "-n",
      "-f",
      "raw",
      "-O",
      "qcow2",
      file,
      path,
    ]);
    assert.equal(exitCode, 0, stderr);
  });
}

/** The content as a QCOW2 image of a virtual size. */
export async function qcow2(lab: OciLab, content: Buffer): Promise<Buffer> {
  return withFile(content, async (file) => {
    const { tools } = lab.oci.cloud.parts;
    const { exitCode, stderr } = await tools.run("qemu-img", [
      "convert",
      "-f",
      "raw",
      "-O",
      "qcow2",
      file,
      `${file}.qcow2`,
    ]);
    assert.equal(exitCode, 0, stderr);
    return readFile(`${file}.qcow2`);
  });
}

/** The first blocks of an immutable disk, each as its letter. */
export async function letters(lab: OciLab, layerId: string, count: number): Promise<string> {
  let text = "";
  for (let index = 0; index < count; index++) {
    const { data } = await lab.oci.cloud.disks.read(layerId, index);
    assert.ok(
      data.every((byte) => byte === data[0]),
      `block ${index} is not of one letter`,
    );
    text += data[0] === 0 ? " " : String.fromCharCode(data[0] ?? 0);
  }
  return text;
}

export async function withFile<T>(content: Buffer, use: (file: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-oci-file-"));
  chmodSync(dir, 0o777);
  try {
    const file = join(dir, "content");
    writeFileSync(file, content, { mode: 0o644 });
    return await use(file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Asks until the answer is as wanted, for up to `withinMs`. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, withinMs = 60_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; ) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    assert.ok(Date.now() < deadline, `still ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}
