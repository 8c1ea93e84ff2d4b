import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Fact, Guest, GuestKernel } from "../../../src/domain/guest.ts";
import { inspectGuest } from "../../../src/transfer/inspect/index.ts";
import { TestPrograms } from "../../support/packages.ts";
import { writeAt } from "./content.ts";
import { FileSource } from "./file-source.ts";

export const release = "6.1.0-13-amd64";
const sectorBytes = 512;

/** A file's text or bytes; a link's target. */
export type Tree = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

export interface Part {
  readonly image: string;
  readonly sizeMiB: number;
  /** As sfdisk takes it: `U` an EFI system partition, `L` Linux, `V` LVM. */
  readonly type?: string;
  readonly bootable?: boolean;
  /** A logical partition's, from 5 on. */
  readonly number?: number;
}

/** Guests' disks made with the tools that make real ones. */
export class GuestDisks {
  readonly programs: TestPrograms;
  readonly folder: string;
  #counter = 0;

  private constructor(programs: TestPrograms) {
    this.programs = programs;
    this.folder = mkdtempSync(join(tmpdir(), "nvg-"));
  }

  /** Or the reason why there can be none here. */
  static async open(): Promise<GuestDisks | string> {
    const packages = [
      "e2fsprogs",
      "fdisk",
      "dosfstools",
      "mtools",
      "xfsprogs",
      "cpio",
      "xz-utils",
      "lz4",
      "zstd",
      "bzip2",
    ];
    const programs = await TestPrograms.bringIn("disks", packages);
    return typeof programs === "string" ? programs : new GuestDisks(programs);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  tree(files: Tree): string {
    const root = this.fresh("tree");
    mkdirSync(root);
    for (const [path, content] of Object.entries(files)) {
      const target = join(root, path);
      mkdirSync(dirname(target), { recursive: true });
      if (typeof content === "object" && "link" in content) symlinkSync(content.link, target);
      else writeFileSync(target, content);
    }
    return root;
  }

  /** An ext file system holding the tree. */
  async ext(files: Tree, sizeMiB: number, options: readonly string[] = ["-t", "ext4"]): Promise<string> {
    const image = this.#empty("ext", sizeMiB);
    const root = this.tree(files);
    await this.programs.run("mke2fs", ["-q", "-F", ...options, "-d", root, image, `${sizeMiB}m`]);
    rmSync(root, { recursive: true });
    return image;
  }

  async fat(files: Tree, sizeMiB: number, options: readonly string[] = []): Promise<string> {
    const image = this.#empty("fat", sizeMiB);
    await this.programs.run("mkfs.fat", [...options, image]);
    const root = this.tree(files);
    await this.programs.run("mcopy", ["-s", "-i", image, "-o", ...topOf(files).map((name) => join(root, name)), "::"]);
    rmSync(root, { recursive: true });
    return image;
  }

  /** A disk with a partition table made by sfdisk, and the images in its partitions. */
  async disk(table: "gpt" | "dos", parts: readonly Part[], sizeMiB?: number): Promise<string> {
    const total = sizeMiB ?? 4 + parts.reduce((sum, part) => sum + part.sizeMiB + 1, 0);
    const disk = this.#empty("disk", total);
    const lines = parts.map(
      ({ sizeMiB: size, type = "L", bootable, number }) =>
        `${number === undefined ? "" : `${disk}${number} : `}size=${size}MiB, type=${type}${bootable ? ", bootable" : ""}`,
    );
    const script = Buffer.from([`label: ${table}`, ...lines, ""].join("\n"));
    await this.programs.run("sfdisk", ["--quiet", "--no-reread", "--no-tell-kernel", disk], script);
    const dump = JSON.parse((await this.programs.run("sfdisk", ["--json", disk])).toString()) as {
      partitiontable: { partitions?: { start: number; type: string }[] };
    };
    const places = (dump.partitiontable.partitions ?? []).filter(({ type }) => type !== "5" && type !== "f");
    for (const [index, { image }] of parts.filter(({ image: content }) => content !== "").entries()) {
      writeAt(disk, (places[index]?.start ?? 0) * sectorBytes, readFileSync(image));
    }
    return disk;
  }

  /** A "newc" archive of the tree, as cpio makes it. */
  async archive(files: Tree): Promise<Buffer> {
    const root = this.tree(files);
    const names = new Set<string>();
    for (const path of Object.keys(files)) {
      for (let at = path; at !== "."; at = dirname(at)) names.add(at);
    }
    const list = Buffer.from(`${[...names].sort().join("\n")}\n`);
    const archive = await this.programs.run("cpio", ["--quiet", "-o", "-H", "newc", "-D", root], list);
    rmSync(root, { recursive: true });
    return archive;
  }

  fresh(kind: string): string {
    return join(this.folder, `${kind}-${++this.#counter}`);
  }

  #empty(kind: string, sizeMiB: number): string {
    const path = this.fresh(kind);
    writeFileSync(path, "");
    truncateSync(path, sizeMiB * 2 ** 20);
    chmodSync(path, 0o644);
    return path;
  }
}

function topOf(files: Tree): string[] {
  return [...new Set(Object.keys(files).map((path) => path.split("/")[0] ?? ""))];
}

export async function inspectFile(path: string): Promise<Guest & { readonly reads: number }> {
  const source = await FileSource.open(path);
  try {
    return { ...(await inspectGuest(source)), reads: source.reads };
  } finally {
    await source.close();
  }
}

export const microcode: Tree = { "kernel/x86/microcode/GenuineIntel.bin": Buffer.alloc(50_000, 7) };

export function modulesFolder(drivers: readonly string[]): Tree {
  return Object.fromEntries(drivers.map((path) => [`usr/lib/modules/${release}/kernel/drivers/${path}`, "module"]));
}

/** Debian's own layout, as its installer and update-grub leave it. */
export function debianRoot(initramfs: Uint8Array): Tree {
  return {
    "etc/os-release": { link: "../usr/lib/os-release" },
    "usr/lib/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
    "etc/fstab":
      "# <file system>\nUUID=0f3c / ext4 errors=remount-ro 0 1\n/dev/vda5 none swap sw 0 0\n/dev/vdb1 /srv ext4 defaults 0 2\n",
    "etc/network/interfaces":
      "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\nallow-hotplug ens3\niface ens3 inet dhcp\n",
    lib: { link: "usr/lib" },
    [`usr/lib/modules/${release}/modules.builtin`]:
      "kernel/drivers/ata/libata.ko\nkernel/drivers/virtio/virtio_pci.ko\n",
    [`usr/lib/modules/${release}/modules.dep`]:
      "kernel/drivers/nvme/host/nvme.ko.xz: kernel/drivers/nvme/host/nvme-core.ko.xz\nkernel/drivers/net/ethernet/amazon/ena/ena.ko.xz:\n",
    "usr/sbin/qemu-ga": "x",
    [`boot/vmlinuz-${release}`]: "kernel",
    [`boot/initrd.img-${release}`]: initramfs,
    "boot/grub/grub.cfg": debianMenu("/boot"),
    "boot/grub/grubenv": `# GRUB Environment Block\n${"#".repeat(999)}`,
  };
}

export function debianMenu(prefix: string): string {
  const entry = (
    title: string,
    id: string,
    options: string,
  ) => `menuentry '${title}' --class debian $menuentry_id_option '${id}' {
	load_video
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	search --no-floppy --fs-uuid --set=root 0f3c
	linux	${prefix}/vmlinuz-${release} root=UUID=0f3c ro ${options}
	initrd	${prefix}/initrd.img-${release}
}`;
  return `if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "\${next_entry}" ] ; then
   set default="\${next_entry}"
   set next_entry=
else
   set default="0"
fi
function savedefault {
  if [ -z "\${boot_once}" ]; then
    saved_entry="\${chosen}"
  fi
}
${entry("Debian GNU/Linux", "gnulinux-simple-0f3c", "quiet")}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-0f3c' {
	${entry("Debian GNU/Linux (recovery mode)", "gnulinux-recovery-0f3c", "single").replaceAll("\n", "\n\t")}
}
`;
}

export function valueOf<T>(fact: Fact<T>): T {
  assert.ok(fact.known, fact.known ? "" : fact.reason);
  return fact.value;
}

export function reasonOf(fact: Fact<unknown>): string {
  assert.ok(!fact.known, "it is known");
  return fact.reason;
}

export function kernelOf(guest: Guest): GuestKernel {
  const [kernel] = valueOf(guest.kernels);
  assert.ok(kernel);
  return kernel;
}
