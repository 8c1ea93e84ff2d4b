import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { writeAt } from "./lib/content.ts";
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
  type Tree,
  valueOf,
} from "./lib/guest-disk.ts";

const programs = await GuestDisks.open();
const skip = typeof programs === "string" ? programs : false;

describe("what a guest's disk tells", { skip }, () => {
  let disks: GuestDisks;
  /** As Debian's tools lay it out: microcode as it is, then everything else compressed. */
  let initramfs: Buffer;
  before(async () => {
    disks = programs as GuestDisks;
    const modules = modulesFolder(["block/virtio_blk.ko", "net/ethernet/amazon/ena/ena.ko.xz", "scsi/sd_mod.ko"]);
    initramfs = Buffer.concat([await disks.archive(microcode), gzipSync(await disks.archive(modules))]);
  });
  after(() => disks.close());

  test("a UEFI guest with GPT, an EFI partition and a boot partition of its own", async () => {
    const { [`boot/vmlinuz-${release}`]: kernel = "", ...root } = debianRoot(initramfs);
    const boot: Tree = {
      [`vmlinuz-${release}`]: kernel,
      [`initrd.img-${release}`]: initramfs,
      "grub/grub.cfg": debianMenu(""),
    };
    const bootUuid = "11111111-2222-3333-4444-555555555555";
    const noBoot = Object.fromEntries(Object.entries(root).filter(([path]) => !path.startsWith("boot/")));
    const tree = {
      ...noBoot,
      "etc/fstab": `UUID=${bootUuid} /boot ext4 defaults 0 2\nUUID=0f3c / ext4 defaults 0 1\n`,
    };
    const image = await disks.disk("gpt", [
      {
        image: await disks.fat({ "EFI/debian/grubx64.efi": "x", "EFI/BOOT/BOOTX64.EFI": "x" }, 34),
        sizeMiB: 34,
        type: "U",
      },
      { image: await disks.ext(boot, 8, ["-t", "ext4", "-U", bootUuid, "-L", "boot"]), sizeMiB: 8 },
      { image: await disks.ext(tree, 16), sizeMiB: 16 },
    ]);
    const guest = await inspectFile(image);
    assert.equal(valueOf(guest.partitionTable), "gpt");
    assert.deepEqual(
      guest.volumes.map(({ name, content: kind, label }) => [name, kind, label]),
      [
        ["partition 1", "fat", undefined],
        ["partition 2", "ext4", "boot"],
        ["partition 3", "ext4", undefined],
      ],
    );
    assert.deepEqual(valueOf(guest.firmware), ["uefi"]);
    assert.deepEqual([...valueOf(guest.efiLoaders)].sort(), ["efi/boot/bootx64.efi", "efi/debian/grubx64.efi"]);
    assert.deepEqual(valueOf(guest.os), {
      family: "linux",
      id: "debian",
      versionId: "12",
      name: "Debian GNU/Linux 12 (bookworm)",
    });
    assert.deepEqual(kernelOf(guest), {
      release,
      path: `vmlinuz-${release}`,
      menu: "grub/grub.cfg",
      isDefault: true,
      commandLine: { known: true, value: "root=UUID=0f3c ro quiet" },
      initramfs: {
        known: true,
        value: {
          path: `/initrd.img-${release}`,
          compression: ["none", "gzip"],
          drivers: ["ena", "sd_mod", "virtio_blk"],
        },
      },
      builtIn: { known: true, value: ["libata", "virtio_pci"] },
      installed: { known: true, value: ["ena", "nvme"] },
      disabledBuiltIn: [],
      disabledModules: [],
    });
    assert.deepEqual(valueOf(guest.network), { styles: ["ifupdown"], interfaces: ["ens3"] });
    assert.deepEqual([valueOf(guest.cloudInit), valueOf(guest.guestAgent)], [false, true]);
    assert.deepEqual(guest.notes, []);
    assert.ok(guest.bytesRead < 4 * 2 ** 20, `${guest.bytesRead} bytes were read`);
  });

  test("an identity: D-Bus's own copy of the machine id, and not a link to it; units that make host keys", async () => {
    const cloud = { "etc/cloud/cloud.cfg": "x", "etc/machine-id": "1", "etc/ssh/ssh_host_rsa_key": "k" };
    const identityOf = async (more: Tree) =>
      (await inspectFile(await disks.ext({ ...debianRoot(initramfs), ...cloud, ...more }, 16))).identity;
    const own = await identityOf({ "var/lib/dbus/machine-id": "1" });
    assert.deepEqual([own?.hasBusId, own?.makesHostKeys], [true, undefined]);
    const unit = "sshd-keygen.target";
    const linked = await identityOf({
      "var/lib/dbus/machine-id": { link: "/etc/machine-id" },
      [`usr/lib/systemd/system/${unit}`]: "x",
    });
    assert.deepEqual([linked?.hasBusId, linked?.makesHostKeys], [undefined, unit]);
  });

  const flavours: Readonly<Record<string, readonly string[]>> = {
    "ext2 with a block map": ["-t", "ext2", "-b", "1024"],
    "ext3 of an old revision's inode size": ["-t", "ext3", "-I", "128"],
    "ext4 with small blocks": ["-t", "ext4", "-b", "1024"],
    "ext4 with meta block groups": ["-t", "ext4", "-b", "1024", "-g", "1024", "-O", "meta_bg,^resize_inode,^flex_bg"],
    "ext4 of 32 bits without extents": ["-t", "ext4", "-O", "^64bit,^extent,^metadata_csum"],
    "ext4 with clusters": ["-t", "ext4", "-O", "bigalloc", "-C", "16384"],
    "ext4 with two superblock copies": ["-t", "ext4", "-b", "1024", "-O", "sparse_super2"],
  };
  for (const [flavour, options] of Object.entries(flavours)) {
    test(`${flavour}, without a partition table`, async () => {
      const guest = await inspectFile(await disks.ext(debianRoot(initramfs), 24, options));
      assert.equal(valueOf(guest.partitionTable), "none");
      assert.equal(guest.volumes[0]?.content, options[1]);
      assert.equal(valueOf(guest.os).id, "debian");
      assert.deepEqual(valueOf(kernelOf(guest).initramfs).drivers, ["ena", "sd_mod", "virtio_blk"]);
    });
  }

  test("a folder with an index, and files of many pieces", async () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`boot/some-longer-file-name-${at}`, ""]));
    const options = ["-t", "ext4", "-b", "1024", "-N", "8000", "-O", "^extent,^64bit"];
    const image = await disks.ext(
      { ...many, ...debianRoot(Buffer.concat([initramfs, Buffer.alloc(3 * 2 ** 20)])) },
      32,
      options,
    );
    await disks.programs.run("e2fsck", ["-fyD", image]);
    const guest = await inspectFile(image);
    assert.deepEqual(valueOf(kernelOf(guest).initramfs).drivers, ["ena", "sd_mod", "virtio_blk"]);
  });

  test("the partition table's copy where the first is damaged, and that it was", async () => {
    const root = await disks.ext(debianRoot(initramfs), 16);
    const image = await disks.disk("gpt", [{ image: root, sizeMiB: 16 }]);
    writeAt(image, 512 + 40, Buffer.alloc(8, 0xff));
    const guest = await inspectFile(image);
    assert.equal(valueOf(guest.os).id, "debian");
    assert.match(guest.notes.join(), /its backup was used/);
    writeAt(image, 512, Buffer.alloc(64));
    writeAt(image, (4 + 16 + 1) * 2 ** 20 - 512, Buffer.alloc(64));
    assert.match((await inspectFile(image)).notes.join(), /both copies .* damaged/);
  });

  test("a logical partition", async () => {
    const root = await disks.ext(debianRoot(initramfs), 16);
    const image = await disks.disk("dos", [
      { image: await disks.ext({ a: "b" }, 2), sizeMiB: 2, bootable: true },
      { image: "", sizeMiB: 24, type: "E" },
      { image: await disks.ext({ c: "d" }, 2), sizeMiB: 2, number: 5 },
      { image: root, sizeMiB: 16, number: 6 },
    ]);
    const guest = await inspectFile(image);
    assert.deepEqual(
      guest.volumes.map(({ name }) => name),
      ["partition 1", "partition 5", "partition 6"],
    );
    assert.equal(valueOf(guest.os).id, "debian");
    assert.deepEqual(valueOf(guest.firmware), []);
  });

  test("devices named by their controller, and interfaces by name", async () => {
    const netplan =
      "network:\n  version: 2\n  ethernets:\n    ens3:\n      dhcp4: true\n    lan:\n      match:\n        macaddress: aa\n  bridges:\n    br0: {}\n";
    const tree = {
      ...debianRoot(initramfs),
      "etc/netplan/01.yaml": netplan,
      "etc/cloud/cloud.cfg": "x",
      "etc/network/interfaces": "",
    };
    const guest = await inspectFile(await disks.ext(tree, 16));
    assert.deepEqual(valueOf(guest.namedDevices), [
      { device: "/dev/vda5", mountPoint: "swap", required: false },
      { device: "/dev/vdb1", mountPoint: "/srv", required: true },
    ]);
    assert.deepEqual(valueOf(guest.network), { styles: ["netplan", "ifupdown", "cloud-init"], interfaces: ["ens3"] });
  });

  test("why nothing can be told of file systems that are not read here", async () => {
    const luks = disks.fresh("luks");
    writeFileSync(luks, Buffer.concat([Buffer.from("LUKS\xba\xbe\0\x02", "latin1"), Buffer.alloc(2 ** 20)]));
    const xfs = disks.fresh("xfs");
    writeFileSync(xfs, "");
    truncateSync(xfs, 300 * 2 ** 20);
    await disks.programs.run("mkfs.xfs", ["-q", "-L", "data", xfs]);
    const image = await disks.disk("gpt", [
      { image: luks, sizeMiB: 2 },
      { image: xfs, sizeMiB: 300 },
    ]);
    const guest = await inspectFile(image);
    for (const fact of [guest.os, guest.kernels, guest.network, guest.cloudInit]) {
      assert.match(reasonOf(fact), /partition 1: it is encrypted; partition 2: xfs is not read here/);
    }
    assert.equal(guest.volumes[1]?.label, "data");
    const empty = await inspectFile(await disks.disk("gpt", []));
    assert.match(reasonOf(empty.kernels), /no root file system/);
  });

  test("links that lead in a circle end", async () => {
    const loop: Tree = { "etc/os-release": { link: "../etc/two" }, "etc/two": { link: "os-release" } };
    const { "etc/os-release": _, "usr/lib/os-release": __, ...tree } = debianRoot(initramfs);
    const guest = await inspectFile(await disks.ext({ ...tree, ...loop }, 16));
    assert.match(reasonOf(guest.os), /in a circle/);
    assert.ok(guest.kernels.known);
  });
});
