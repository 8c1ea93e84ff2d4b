import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { type GuestFiles, openGuestFiles, type WantedFiles } from "../../src/transfer/inspect/guest-files.ts";
import { tar } from "../../src/transfer/tar.ts";
import { FileSource } from "./lib/file-source.ts";
import { GuestDisks } from "./lib/guest-disk.ts";

const programs = await GuestDisks.open();
const skip = typeof programs === "string" ? programs : false;
const usual = { maxBytes: 2 ** 30, maxEntries: 1_000, maxMs: 60_000 };
const longName = `${"long-".repeat(30)}name.txt`;
const large = Buffer.alloc(3 * 2 ** 20 + 17, "novacron ");

describe("files of a guest's disk", { skip }, () => {
  let disks: GuestDisks;
  let image: string;
  before(async () => {
    disks = programs as GuestDisks;
    const files = {
      "etc/motd": "hello\n",
      "srv/data/large.bin": large,
      "srv/data/empty": "",
      [`srv/data/${longName}`]: "long",
      "srv/data/ünïcode.txt": "umlauts",
      "srv/data/sub/deep.txt": "deep",
      "srv/data/inside": { link: "sub/deep.txt" },
      "srv/data/upwards": { link: "../../etc/motd" },
      "srv/data/absolute": { link: "/etc/motd" },
      "srv/latest": { link: "/srv/data" },
    };
    image = await disks.disk("gpt", [
      { image: await disks.fat({ "EFI/readme.txt": "an EFI partition" }, 34), sizeMiB: 34, type: "U" },
      { image: await disks.ext(files, 16, ["-t", "ext4", "-L", "root"]), sizeMiB: 16 },
    ]);
  });
  after(() => disks?.close());

  async function looked<T>(
    wanted: WantedFiles,
    look: (files: GuestFiles) => Promise<T>,
    limits: Partial<typeof usual> = {},
  ): Promise<T> {
    const source = await FileSource.open(image);
    try {
      const signal = AbortSignal.timeout(60_000);
      return await look(await openGuestFiles(source, wanted, { resource: "a disk", signal, ...usual, ...limits }));
    } finally {
      await source.close();
    }
  }

  function contentOf(wanted: WantedFiles): Promise<string> {
    return looked(wanted, async (files) => {
      const [only] = await Array.fromAsync(files.entries());
      assert.ok(only);
      return Buffer.concat(await Array.fromAsync(only.content())).toString();
    });
  }

  test("are found on whichever file system has them, or on the one that is named", async () => {
    assert.equal(await contentOf({ path: "/etc/motd" }), "hello\n");
    assert.equal(await contentOf({ path: "EFI/readme.txt" }), "an EFI partition");
    assert.equal(await contentOf({ path: "etc/motd", volume: "root" }), "hello\n");
    assert.equal(await contentOf({ path: "/srv/latest/sub/deep.txt" }), "deep");
    await assert.rejects(contentOf({ path: "etc/motd", volume: "partition 1" }), (error: unknown) => {
      return isProviderError(error, "NotFound") && error.details.reason === "partition 1: it is not there";
    });
  });

  test("come as they are, to the last byte", async () => {
    const { size, bytes } = await looked({ path: "srv/data/large.bin" }, async (files) => {
      const [only] = await Array.fromAsync(files.entries());
      assert.ok(only);
      return { size: files.sizeBytes, bytes: Buffer.concat(await Array.fromAsync(only.content())) };
    });
    assert.equal(size, large.length);
    assert.ok(bytes.equals(large));
  });

  test("that are a folder make an archive that any tar unpacks, without links out of it", async () => {
    const { archive, leftOut } = await looked({ path: "srv/data" }, async (files) => ({
      archive: Buffer.concat(await Array.fromAsync(tar(files.entries(), new Date("2026-01-02T03:04:05Z")))),
      leftOut: files.leftOut,
    }));
    const folder = disks.fresh("unpacked");
    mkdirSync(folder);
    execFileSync("tar", ["-x", "-C", folder], { input: archive });
    const root = join(folder, "data");
    assert.deepEqual(readdirSync(root).sort(), ["empty", "inside", "large.bin", longName, "sub", "ünïcode.txt"].sort());
    assert.ok(readFileSync(join(root, "large.bin")).equals(large));
    assert.equal(readFileSync(join(root, longName), "utf8"), "long");
    assert.equal(readFileSync(join(root, "ünïcode.txt"), "utf8"), "umlauts");
    assert.equal(readlinkSync(join(root, "inside")), "sub/deep.txt");
    assert.equal(lstatSync(join(root, "sub/deep.txt")).mtime.toISOString(), "2026-01-02T03:04:05.000Z");
    assert.equal(leftOut, 2);
  });

  test("never lead above the file system, and are bounded in number and size", async () => {
    assert.equal(await contentOf({ path: "../../../etc/motd" }), "hello\n");
    const all = (files: GuestFiles) => Array.fromAsync(files.entries());
    const refused = (error: unknown) => isProviderError(error, "InvalidInput");
    await assert.rejects(looked({ path: "srv/data" }, all, { maxEntries: 3 }), refused);
    await assert.rejects(looked({ path: "srv/data" }, all, { maxBytes: 2 ** 20 }), refused);
  });
});
