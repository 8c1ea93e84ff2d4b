import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { DisksClient, ImagesClient } from "@google-cloud/compute";
import { blockBytes } from "../../../src/sandbox/cloud/disks/layer-reader.ts";
import { type GcpLab, Status, startGcpLab } from "./support.ts";

const GiB = 2 ** 30;

describe("the simulated Google Cloud's images", () => {
  let lab: GcpLab;
  let images: ImagesClient;
  const folder = mkdtempSync(join(tmpdir(), "nvc-images-"));
  const content = randomBytes(3 * blockBytes);
  const project = () => ({ project: lab.gcp.project });

  before(async () => {
    lab = await startGcpLab();
    images = new ImagesClient(lab.compute());
    const raw = join(folder, "disk.raw");
    const file = openSync(raw, "w");
    writeSync(file, content, 0, content.length, 700 * blockBytes + 4096);
    truncateSync(raw, GiB);
  });
  after(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(lab.complaints, []);
  });

  const tar = (format: string, ...more: string[]): Buffer => {
    const archive = join(folder, `${randomBytes(4).toString("hex")}.tar`);
    execFileSync("tar", [`--format=${format}`, "-S", "-cf", archive, "-C", folder, ...more, "disk.raw"]);
    return readFileSync(archive);
  };
  const upload = async (name: string, bytes: Buffer): Promise<string> => {
    await lab.storage().bucket(lab.gcp.bucket).file(name).save(bytes, { resumable: false });
    return `https://storage.googleapis.com/${lab.gcp.bucket}/${name}`;
  };
  const insert = async (name: string, source: string, more: object = {}) =>
    lab.done(
      await images.insert({
        ...project(),
        imageResource: { name, rawDisk: { source, containerType: "TAR" }, ...more },
      }),
    );

  it("makes an image of an archive with a sparse disk.raw, and a disk of it with its bytes", async () => {
    const source = await upload("good.tar.gz", gzipSync(tar("oldgnu")));
    await insert("good", source, {
      family: "own",
      guestOsFeatures: [{ type: "UEFI_COMPATIBLE" }],
      labels: { from: "test" },
    });
    const [image] = await images.getFromFamily({ ...project(), family: "own" });
    assert.deepEqual([image.name, image.status, String(image.diskSizeGb)], ["good", "READY", "1"]);
    const disks = new DisksClient(lab.compute());
    const place = { ...project(), zone: lab.gcp.zone };
    await lab.done(
      await disks.insert({ ...place, diskResource: { name: "of-good", sourceImage: "global/images/family/own" } }),
    );
    const [disk] = await disks.get({ ...place, disk: "of-good" });
    assert.deepEqual(
      disk.guestOsFeatures?.map(({ type }) => type),
      ["UEFI_COMPATIBLE"],
    );
    await lab.done(await disks.createSnapshot({ ...place, disk: "of-good", snapshotResource: { name: "of-good" } }));
    const { cloud } = lab.gcp;
    const layer = cloud.tables.snapshots.get("global/snapshots/of-good")?.layerId ?? "";
    assert.deepEqual([...(await cloud.disks.blocks(layer))], [700, 701, 702, 703]);
    const { data } = await cloud.disks.read(layer, 701);
    assert.ok(data.equals(content.subarray(blockBytes - 4096, 2 * blockBytes - 4096)));
  });

  it("takes an archive of several gzip members", async () => {
    const bytes = tar("gnu");
    const middle = Math.floor(bytes.length / 2);
    const members = [gzipSync(bytes.subarray(0, middle)), gzipSync(bytes.subarray(middle))];
    await insert("members", await upload("members.tar.gz", Buffer.concat(members)));
    assert.equal((await images.get({ ...project(), image: "members" }))[0].status, "READY");
  });

  it("ends the operation of what is no such archive, and leaves no image", async () => {
    const wrong: readonly (readonly [name: string, bytes: Buffer, why: RegExp])[] = [
      ["not-gzip", tar("oldgnu"), /INVALID_IMAGE_TAR/],
      ["posix", gzipSync(tar("pax")), /Supported formats are: GNU and OLDGNU/],
      ["cut", gzipSync(tar("oldgnu")).subarray(0, 1000), /INVALID_IMAGE_TAR/],
      ["renamed", gzipSync(tar("oldgnu", "--transform=s/disk/other/")), /should be named 'disk.raw'/],
    ];
    for (const [name, bytes, why] of wrong) {
      const source = await upload(`${name}.tar.gz`, bytes);
      await assert.rejects(insert(name, source), why, name);
      await assert.rejects(images.get({ ...project(), image: name }), { code: Status.NOT_FOUND });
    }
    await assert.rejects(insert("nothing", `gs://${lab.gcp.bucket}/nothing.tar.gz`), /RESOURCE_NOT_FOUND/);
    await assert.rejects(insert("nowhere", "ftp://somewhere"), { code: Status.INVALID_ARGUMENT });
  });

  it("lists the project's own images and those of the publisher, and refuses to change the publisher's", async () => {
    const [own] = await images.list({ ...project(), filter: "family = own" });
    assert.deepEqual(
      own.map(({ name }) => name),
      ["good"],
    );
    const [debian] = await images.getFromFamily({ project: "debian-cloud", family: "debian-12" });
    assert.match(debian.description ?? "", /Simulated/);
    await assert.rejects(images.delete({ project: "debian-cloud", image: debian.name ?? "" }), {
      code: Status.PERMISSION_DENIED,
    });
    await lab.done(await images.delete({ ...project(), image: "members" }));
    await assert.rejects(images.get({ ...project(), image: "members" }), { code: Status.NOT_FOUND });
  });
});
