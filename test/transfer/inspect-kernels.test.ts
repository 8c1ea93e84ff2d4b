import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { GuestKernel } from "../../src/domain/guest.ts";
import {
  debianMenu,
  debianRoot,
  GuestDisks,
  inspectFile,
  kernelOf,
  microcode,
  modulesFolder,
  reasonOf,
  release,
  valueOf,
} from "./lib/guest-disk.ts";

const programs = await GuestDisks.open();
const skip = typeof programs === "string" ? programs : false;

describe("what a guest's kernels can drive", { skip }, () => {
  let disks: GuestDisks;
  let content: Buffer;
  let initramfs: Buffer;
  before(async () => {
    disks = programs as GuestDisks;
    const modules = modulesFolder(["block/virtio_blk.ko", "net/ethernet/amazon/ena/ena.ko.xz", "scsi/sd_mod.ko"]);
    content = await disks.archive({ ...modules, init: "#!/bin/sh\n" });
    initramfs = gzipSync(content);
  });
  after(() => disks.close());

  for (const [compression, compress] of Object.entries<(bytes: Buffer) => Promise<Buffer> | Buffer>({
    none: (bytes) => bytes,
    gzip: (bytes) => gzipSync(bytes),
    zstd: (bytes) => zstdCompressSync(bytes),
    xz: (bytes) => disks.programs.run("xz", ["-c", "--check=crc32"], bytes),
    lz4: (bytes) => disks.programs.run("lz4", ["-c", "-l", "-9"], bytes),
  })) {
    test(`drivers in an initramfs compressed with ${compression}, after microcode and before padding`, async () => {
      const noise = { "usr/lib/firmware.bin": Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * at) >> 5)) };
      const archive = await disks.archive({
        ...modulesFolder(["nvme/host/nvme-core.ko.zst", "nvme/host/nvme.ko.zst"]),
        ...noise,
      });
      const parts = [await disks.archive(microcode), Buffer.alloc(512), await compress(archive), Buffer.alloc(1024)];
      const guest = await inspectFile(await disks.ext(debianRoot(Buffer.concat(parts)), 16));
      const { drivers, compression: seen } = valueOf(kernelOf(guest).initramfs);
      assert.deepEqual(drivers, ["nvme", "nvme_core"]);
      assert.equal(seen.at(-1), compression);
    });

    test(`an initramfs of ${compression} that ends in the middle tells nothing`, async () => {
      const whole = await compress(content);
      const guest = await inspectFile(await disks.ext(debianRoot(whole.subarray(0, Math.floor(whole.length / 2))), 16));
      assert.match(reasonOf(kernelOf(guest).initramfs), /damaged|incomplete|ends in the middle/);
    });
  }

  test("an initramfs in a format that is not read here is named", async () => {
    const guest = await inspectFile(
      await disks.ext(debianRoot(await disks.programs.run("bzip2", ["-c"], content)), 16),
    );
    assert.match(reasonOf(kernelOf(guest).initramfs), /bzip2, which is not read here/);
  });

  test("what switches drivers off: command line, the system's and the initramfs' configuration", async () => {
    const inside = await disks.archive({
      ...modulesFolder(["nvme/host/nvme.ko"]),
      "etc/modprobe.d/x.conf": "blacklist ena\n",
    });
    const menu = debianMenu("/boot").replaceAll("quiet", "initcall_blacklist=nvme_init modprobe.blacklist=ahci,sd-mod");
    const guest = await inspectFile(
      await disks.ext(
        {
          ...debianRoot(gzipSync(inside)),
          "boot/grub/grub.cfg": menu,
          "etc/modprobe.d/own.conf": "# own\ninstall virtio_blk /bin/false\noptions nvme x=1\n",
        },
        16,
      ),
    );
    const { disabledBuiltIn, disabledModules } = kernelOf(guest);
    assert.deepEqual(disabledBuiltIn, ["nvme"]);
    assert.deepEqual(disabledModules, ["ahci", "ena", "sd_mod", "virtio_blk"]);
  });

  test("the kernel that starts is the one the menu's default says, not the newest", async () => {
    const older = "6.1.0-9-amd64";
    const menu = `set default="1>2"\nmenuentry 'new' { \n linux /boot/vmlinuz-${release} root=LABEL=r\n}\nsubmenu 'more' {
      menuentry 'a' {\n linux /boot/vmlinuz-${release}\n }\n menuentry 'b' {\n linux /boot/vmlinuz-${release} single\n }
      menuentry 'c' --id old {\n linux /boot/vmlinuz-${older} console=ttyS0\n initrd /boot/initrd.img-${release}\n }\n}\n`;
    const more = { "boot/grub/grub.cfg": menu, [`boot/vmlinuz-${older}`]: "kernel" };
    const guest = await inspectFile(await disks.ext({ ...debianRoot(initramfs), ...more }, 16));
    const [first, second] = valueOf(guest.kernels);
    assert.deepEqual([first?.release, first?.isDefault], [older, true]);
    assert.deepEqual(first?.commandLine, { known: true, value: "console=ttyS0" });
    assert.deepEqual([second?.release, second?.isDefault], [release, false]);
    assert.deepEqual(valueOf(second?.initramfs as GuestKernel["initramfs"]), {
      path: undefined,
      compression: [],
      drivers: [],
    });
  });

  test("entries of the boot loader specification, with variables of GRUB's environment", async () => {
    const entry = (version: string) =>
      `title Fedora (${version})\nversion ${version}\nlinux /boot/vmlinuz-${version}\ninitrd /boot/initrd.img-${release} $tuned_initrd\noptions $kernelopts $tuned_params\n`;
    const older = "6.1.0-2-amd64";
    const guest = await inspectFile(
      await disks.ext(
        {
          ...debianRoot(initramfs),
          [`boot/vmlinuz-${older}`]: "kernel",
          "boot/grub2/grub.cfg": 'set kernelopts="root=UUID=fallback"\nload_env\ninsmod blscfg\nblscfg\n',
          "boot/grub2/grubenv": `# GRUB Environment Block\nsaved_entry=abc-${older}\nkernelopts=root=UUID=0f3c ro console=ttyS0\n####`,
          [`boot/loader/entries/abc-${release}.conf`]: entry(release),
          [`boot/loader/entries/abc-${older}.conf`]: entry(older),
        },
        16,
      ),
    );
    const kernel = kernelOf(guest);
    assert.deepEqual([kernel.release, kernel.isDefault], [older, true]);
    assert.equal(valueOf(kernel.commandLine), "root=UUID=0f3c ro console=ttyS0");
    assert.deepEqual(valueOf(kernel.initramfs).drivers, ["ena", "sd_mod", "virtio_blk"]);
  });

  test("what is built in, by the kernel's configuration where nothing else says it", async () => {
    const { [`usr/lib/modules/${release}/modules.builtin`]: _, ...tree } = debianRoot(initramfs);
    const config = "# CONFIG_SATA_AHCI is not set\nCONFIG_BLK_DEV_NVME=y\nCONFIG_NVME_CORE=y\nCONFIG_VIRTIO_BLK=m\n";
    const guest = await inspectFile(await disks.ext({ ...tree, [`boot/config-${release}`]: config }, 16));
    assert.deepEqual(valueOf(kernelOf(guest).builtIn), ["nvme", "nvme_core"]);
    const without = await inspectFile(await disks.ext(tree, 16));
    assert.match(reasonOf(kernelOf(without).builtIn), /neither modules.builtin nor/);
  });
});
