import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { tryPreparation } from "../../src/activities/try-preparation.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { ChangedBytes } from "../../src/transfer/prepare/changed-bytes.ts";
import { ExtWriter } from "../../src/transfer/prepare/ext/writer.ts";
import { prepareGuest } from "../../src/transfer/prepare/index.ts";
import { vmAt } from "../unit/support/observations.ts";
import { FileSource } from "./lib/file-source.ts";
import { debianMenu, debianRoot, GuestDisks, inspectFile, kernelOf, release, valueOf } from "./lib/guest-disk.ts";
import { MemoryDisk } from "./lib/memory-disk.ts";
import { prepareFile } from "./lib/prepare-file.ts";

const programs = await GuestDisks.open();
const skip = typeof programs === "string" ? programs : false;
const at = new Date("2026-01-02T03:04:05Z");
const MiB = 2 ** 20;

describe("a file system that is changed", { skip }, () => {
  let disks: GuestDisks;
  before(() => {
    disks = programs as GuestDisks;
  });
  after(() => disks.close());

  /** e2fsck is the judge: it finds nothing to mend, and reads back what was written. */
  async function check(image: string): Promise<void> {
    await disks.programs.run("e2fsck", ["-fn", image]);
  }
  async function content(image: string, path: string): Promise<Buffer> {
    return disks.programs.run("debugfs", ["-R", `cat ${path}`, image]);
  }
  async function change(image: string, work: (writer: ExtWriter) => Promise<void>): Promise<string> {
    const source = await FileSource.open(image);
    await using _ = { [Symbol.asyncDispose]: () => source.close() };
    const copy = `${image}-changed`;
    copyFileSync(image, copy);
    const disk = new ChangedBytes({
      sizeBytes: source.sizeBytes,
      async read(offset, length) {
        const bytes = Buffer.alloc(length);
        await source.read(offset, bytes);
        return bytes;
      },
    });
    const writer = await ExtWriter.open(disk, at);
    await work(writer);
    await writer.close();
    const ranges = await disk.ranges();
    await using file = await open(copy, "r+");
    for (const { offset, length } of ranges) await file.write(await disk.read(offset, length), 0, length, offset);
    return copy;
  }

  const kinds: Readonly<Record<string, readonly string[]>> = {
    "of today": ["-t", "ext4"],
    "with blocks of 1 KiB": ["-t", "ext4", "-b", "1024"],
    "without checksums": ["-t", "ext4", "-O", "^metadata_csum"],
    "with checksums of groups only": ["-t", "ext4", "-O", "^metadata_csum,uninit_bg"],
    "with 32-bit block numbers and small inodes": ["-t", "ext4", "-O", "^64bit", "-I", "128"],
  };
  for (const [kind, options] of Object.entries(kinds)) {
    test(`${kind} is whole after files grew, shrank, came and went`, async () => {
      const old = Buffer.alloc(700_001, 1);
      const image = await disks.ext(
        { "boot/initrd": old, "etc/fstab": "x".repeat(9_000), "etc/ssh/key": "secret", "etc/id": "abc\n" },
        24,
        options,
      );
      const more = Buffer.alloc(2_500_003, 2);
      const changed = await change(image, async (writer) => {
        await writer.append("boot/initrd", more);
        await writer.replace("etc/fstab", Buffer.from("short\n"));
        await writer.replace("etc/id", Buffer.alloc(0));
        await writer.create("etc", "made.conf", Buffer.from("made\n"));
        assert.equal(await writer.remove("etc/ssh", "key"), true);
        assert.equal(await writer.remove("etc/ssh", "key"), false);
      });
      await check(changed);
      assert.ok((await content(changed, "boot/initrd")).equals(Buffer.concat([old, more])));
      assert.equal((await content(changed, "etc/fstab")).toString(), "short\n");
      assert.equal((await content(changed, "etc/id")).toString(), "");
      assert.equal((await content(changed, "etc/made.conf")).toString(), "made\n");
    });
  }

  test("takes room in many pieces where there is no other, and refuses where there is not enough", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 600 }, (_, at) => [`d/f${at}`, Buffer.alloc(12_000, at + 1)]),
    );
    const image = await disks.ext({ ...files, big: "begun" }, 16, ["-t", "ext4", "-m", "0"]);
    const full = await change(image, async (writer) => {
      await writer.append("big", Buffer.alloc(3 * MiB, 3));
      for (let at = 0; at < 600; at += 2) await writer.remove("d", `f${at}`);
    });
    await check(full);
    const scattered = await change(full, (writer) => writer.append("big", Buffer.alloc(5 * MiB, 4)));
    await check(scattered);
    const expected = Buffer.concat([Buffer.from("begun"), Buffer.alloc(3 * MiB, 3), Buffer.alloc(5 * MiB, 4)]);
    const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    assert.equal(hash(await content(scattered, "big")), hash(expected));
    await assert.rejects(
      change(scattered, (writer) => writer.append("big", Buffer.alloc(16 * MiB))),
      /no room/,
    );
  });

  test("has what its journal holds put in place first", async () => {
    const image = await disks.ext({ "etc/fstab": "old\n", "etc/other": "old\n" }, 16, ["-t", "ext4", "-b", "1024"]);
    const pattern = disks.fresh("pattern");
    writeFileSync(pattern, Buffer.alloc(1024, 0x5a));
    const commands = Buffer.from(`jo\njw -b 14000 ${pattern}\njc\n`);
    await disks.programs.run("debugfs", ["-w", "-f", "-", image], commands);
    const dirty = await inspectFile(image);
    assert.ok(
      dirty.notes.some((note) => note.includes("in use")),
      "the journal waits",
    );
    const changed = await change(image, (writer) => writer.replace("etc/fstab", Buffer.from("new\n")));
    assert.deepEqual((await inspectFile(changed)).notes, []);
    await check(changed);
    assert.equal((await content(changed, "etc/fstab")).toString(), "new\n");
    const file = await open(changed);
    const block = Buffer.alloc(1024, 1);
    await file.read(block, 0, 1024, 14_000 * 1024);
    await file.close();
    assert.ok(
      block.every((byte) => byte === 0x5a),
      "the journal's block is in place",
    );
  });

  test("keeps its drivers for the target behind what its initramfs held, and its names by UUID", async () => {
    const initramfs = gzipSync(
      await disks.archive({ init: "#!/bin/sh\nexec real\n", "bin/sh": "x", "sbin/insmod": "x", "usr/x": "y" }),
    );
    const modules = `usr/lib/modules/${release}`;
    const nvme = "kernel/drivers/nvme/host";
    const uuid = "0f3c0f3c-0f3c-0f3c-0f3c-0f3c0f3c0f3c";
    const root = await disks.ext(
      {
        ...debianRoot(initramfs),
        [`${modules}/modules.dep`]: `${nvme}/nvme.ko: ${nvme}/nvme-core.ko\n${nvme}/nvme-core.ko:\n`,
        [`${modules}/${nvme}/nvme.ko`]: Buffer.alloc(3 * MiB, "nvme module"),
        [`${modules}/${nvme}/nvme-core.ko`]: "core module",
        "etc/fstab": "# disks\n/dev/vda1  /  ext4 defaults 0 1\n",
        "boot/grub/grub.cfg": debianMenu("/boot").replaceAll("root=UUID=0f3c", "root=/dev/vda1"),
      },
      16,
      ["-t", "ext4", "-U", uuid],
    );
    const image = await disks.disk("dos", [{ image: root, sizeMiB: 16, bootable: true }]);
    const before = await inspectFile(image);
    const kernel = kernelOf(before);
    assert.deepEqual(before.places, { root: "partition 1", boot: "partition 1" });
    assert.equal(kernel.menu, "boot/grub/grub.cfg");
    const rename = [{ from: "/dev/vda1", to: `UUID=${uuid}` }];
    const place = { volume: "partition 1", reason: "a test" };
    const prepared = await prepareFile(image, [
      {
        ...place,
        change: "initramfs-drivers",
        path: `boot/initrd.img-${release}`,
        release,
        modulesVolume: "partition 1",
        drivers: ["nvme"],
      },
      { ...place, change: "device-names", path: "etc/fstab", rename },
      { ...place, change: "kernel-command-line", path: "boot/grub/grub.cfg", rename, add: ["console=ttyS0"] },
    ]);
    const guest = await inspectFile(prepared);
    const { initramfs: inside, commandLine } = kernelOf(guest);
    assert.deepEqual(valueOf(inside).drivers, ["nvme", "nvme_core"]);
    assert.match(valueOf(commandLine), /^root=UUID=0f3c0f3c\S+ ro quiet console=ttyS0$/);
    assert.deepEqual(valueOf(guest.namedDevices), []);
    // Twice is no loop: what came first is started by what comes now.
    const again = await prepareFile(prepared, [
      {
        ...place,
        change: "initramfs-drivers",
        path: `boot/initrd.img-${release}`,
        release,
        modulesVolume: "partition 1",
        drivers: ["nvme"],
      },
    ]);
    const text = readFileSync(again).toString("latin1");
    assert.ok(text.includes('exec /novacron-1/init "$@"') && text.includes('exec /novacron-2/init "$@"'));
  });

  test("keeps the bytes that are not text in lines which it changes beside others", async () => {
    const table = (device: string) =>
      Buffer.from(`# d\xe9j\xe0 vu \xff\xfe\n${device}\t/ ext4 defaults 0 1\n`, "latin1");
    const menu = (root: string) =>
      Buffer.from(`menuentry '\xe0\xff' {\n\tlinux /vmlinuz root=${root} name=\xc3\xa0\n}\n`, "latin1");
    const image = await disks.ext({ "etc/fstab": table("/dev/vda1"), "boot/grub/grub.cfg": menu("/dev/vda1") }, 16);
    const place = { volume: "the whole disk", reason: "a test" };
    const rename = [{ from: "/dev/vda1", to: "UUID=1" }];
    const prepared = await prepareFile(image, [
      { ...place, change: "device-names", path: "etc/fstab", rename },
      { ...place, change: "kernel-command-line", path: "boot/grub/grub.cfg", rename },
    ]);
    assert.deepEqual(await content(prepared, "etc/fstab"), table("UUID=1"));
    assert.deepEqual(await content(prepared, "boot/grub/grub.cfg"), menu("UUID=1"));
  });

  test("has for a new file the label of a sibling, or of its folder, and refuses where only others have one", async () => {
    const image = await disks.ext({ "a/file": "x", "b/link": { link: "x" }, "c/file": "x" }, 16);
    const label = (type: string) => `system_u:object_r:${type}:s0`;
    const commands = [
      `ea_set / security.selinux ${label("root_t")}`,
      `ea_set a security.selinux ${label("a_t")}`,
      `ea_set a/file user.o k`,
      `ea_set a/file security.selinux ${label("a_file_t")}`,
      `ea_set b security.selinux ${label("b_t")}`,
    ];
    await disks.programs.run("debugfs", ["-w", "-f", "-", image], Buffer.from(`${commands.join("\n")}\n`));
    const changed = await change(image, async (writer) => {
      await writer.create("a", "made", Buffer.from("made\n"));
      await writer.create("b", "made", Buffer.from("made\n"));
    });
    await check(changed);
    for (const [path, type] of [
      ["a/made", "a_file_t"],
      ["b/made", "b_t"],
    ] as const) {
      const listed = (await disks.programs.run("debugfs", ["-R", `ea_list ${path}`, changed])).toString();
      assert.match(listed, new RegExp(`security\\.selinux \\(\\d+\\) = "${label(type)}"`));
      assert.doesNotMatch(listed, /user\.o/);
    }
    await assert.rejects(
      change(image, (writer) => writer.create("c", "made", Buffer.alloc(1))),
      /no security label for a new file in c/,
    );
  });

  test("may say less of what is free than there is", async () => {
    const image = await disks.ext({ "etc/id": "abc\n" }, 16, ["-t", "ext4", "-O", "^metadata_csum"]);
    await using file = await open(image, "r+");
    for (const at of [0x0c, 0x10]) await file.write(Buffer.alloc(4), 0, 4, 1024 + at);
    const changed = await change(image, async (writer) => {
      await writer.append("etc/id", Buffer.alloc(20_000, "d"));
      await writer.create("etc", "made", Buffer.from("made\n"));
    });
    assert.equal((await content(changed, "etc/id")).length, 20_004);
    assert.equal((await content(changed, "etc/made")).toString(), "made\n");
  });

  test("is tried again when it took too long", async () => {
    const source = await FileSource.open(await disks.ext({ "etc/id": "abc\n" }, 16));
    await using _ = { [Symbol.asyncDispose]: () => source.close() };
    const emptied = { change: "empty-file", volume: "the whole disk", path: "etc/id", reason: "a test" } as const;
    await assert.rejects(prepareGuest(source, [emptied], { resource: "test", at, maxMs: -1 }), { code: "Timeout" });
  });

  test("is tried before the source is stopped", async () => {
    const image = readFileSync(await disks.ext({ "etc/id": "abc\n" }, 16));
    const vm = (state: "running" | "stopped") => vmAt("a", { state });
    const tried = async (bytes: Buffer, path: string, state: "running" | "stopped" = "running") => {
      const changes = [{ change: "empty-file", volume: "the whole disk", path, reason: "a test" }];
      const resource = { site: "b", kind: "vm", id: "vm-1" };
      const action = { action: "prepare-disk", resource, detail: "", parameters: { diskId: "vda", changes } };
      const provider = { site: "a", disks: { peek: async () => new MemoryDisk(bytes) } } as unknown as Provider;
      return tryPreparation(provider, vm(state), { actions: [action] }, prepareGuest, AbortSignal.timeout(60_000));
    };
    assert.equal(await tried(image, "etc/id"), undefined);
    assert.equal(await tried(image, "etc/other"), "etc/other is not there any more");
    const quota = Buffer.from(image);
    quota.writeUInt32LE(quota.readUInt32LE(1024 + 0x64) | 0x100, 1024 + 0x64);
    assert.match((await tried(quota, "etc/id")) ?? "", /can't be changed here \(feature 0x100\)/);
    // A file system without a journal says so as long as it is mounted.
    const mounted = Buffer.from(image);
    mounted.writeUInt16LE(0, 1024 + 0x3a);
    assert.equal(await tried(mounted, "etc/id"), undefined);
    assert.match((await tried(mounted, "etc/id", "stopped")) ?? "", /errors noted/);
  });

  test("is refused as a whole where it is not as it was planned for", async () => {
    const image = await disks.ext(debianRoot(Buffer.from("x")), 16);
    const place = { volume: "the whole disk", reason: "a test" };
    const rename = [{ from: "/dev/sda9", to: "UUID=1" }];
    await assert.rejects(
      prepareFile(image, [{ ...place, change: "device-names", path: "etc/fstab", rename }]),
      (error) => isProviderError(error, "Conflict"),
    );
  });
});
