import { readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Firmware } from "../../domain/vm.ts";
import type { HostTools } from "../../host/tools.ts";
import { missing, run } from "./build.ts";
import { efiPartition, efiSectors } from "./efi-partition.ts";
import { grubEarlyConfig } from "./scripts.ts";

export const sectorBytes = 512;
const MiB = 2 ** 20;
/** The first partition starts at 1 MiB; GRUB's core image for BIOS lies between the boot sector and it. */
const firstSector = 2048;
const linuxType = 0x83;
const efiType = 0xef;

interface Layout {
  readonly sizeMiB: number;
  readonly firmware?: Firmware;
}

interface Sectors {
  readonly start: number;
  readonly sectors: number;
}

/** Where the root file system lies: before the partition with the boot loader, where the firmware wants one. */
export function rootPartition({ sizeMiB, firmware }: Layout): Sectors {
  const end = (sizeMiB * MiB) / sectorBytes - (firmware === "uefi" ? efiSectors : 0);
  return { start: firstSector, sectors: end - firstSector };
}

/** Makes the image start by its firmware, and by no other: GRUB, and the partition table. */
export async function makeBootable(
  tools: HostTools,
  work: string,
  layout: Layout & { readonly firmware: Firmware },
  image: string,
): Promise<void> {
  const root = rootPartition(layout);
  const efi = { start: root.start + root.sectors, sectors: efiSectors };
  const byBios = layout.firmware === "bios";
  const sector = Buffer.alloc(sectorBytes);
  const writes: [Buffer, number][] = [[sector, 0]];
  writeEntry(sector, 0, { ...root, type: linuxType, active: byBios });
  if (byBios) {
    const { modules, core } = await grub(tools, work, "i386-pc", ["biosdisk"]);
    // The boot code may fill 440 bytes; the partition table follows at 446.
    readFileSync(join(modules, "boot.img")).copy(sector, 0, 0, 440);
    writes.push([core, sectorBytes]);
  } else {
    const { core } = await grub(tools, work, "x86_64-efi", []);
    writeEntry(sector, 1, { ...efi, type: efiType, active: false });
    writes.push([efiPartition(core, efi.start), efi.start * sectorBytes]);
  }
  sector.writeUInt16LE(0xaa55, 510);
  const file = await open(image, "r+");
  try {
    for (const [bytes, at] of writes) await file.write(bytes, 0, bytes.length, at);
  } finally {
    await file.close();
  }
}

/** Why no guest can be made here that starts by UEFI; undefined when it can. */
export function whyNoUefi(tools: HostTools): string | undefined {
  if (!tools.file("/usr/lib/grub/x86_64-efi/kernel.img")) return "package grub-efi-amd64-bin was not brought in";
  return tools.file("/usr/share/OVMF/OVMF_CODE_4M.fd") ? undefined : "package ovmf was not brought in";
}

type GrubTarget = "i386-pc" | "x86_64-efi";
const packages: Readonly<Record<GrubTarget, string>> = {
  "i386-pc": "grub-pc-bin",
  "x86_64-efi": "grub-efi-amd64-bin",
};
const grubParts = "part_msdos ext2 normal configfile linux search search_label serial terminal boot".split(" ");

/** GRUB's core image, which finds the disk with our label by itself. */
async function grub(tools: HostTools, work: string, target: GrubTarget, more: readonly string[]) {
  const modules = tools.file(`/usr/lib/grub/${target}`);
  if (!modules) throw missing(`GRUB for ${target}`, `package ${packages[target]} was not brought in`);
  const early = join(work, "early.cfg");
  writeFileSync(early, grubEarlyConfig);
  const core = join(work, "core.img");
  const options = ["-d", modules, "-O", target, "-c", early, "-p", "/boot/grub", "-o", core];
  await run(tools, "grub-mkimage", [...options, ...more, ...grubParts]);
  return { modules, core: readFileSync(core) };
}

function writeEntry(
  sector: Buffer,
  index: number,
  { start, sectors, type, active }: Sectors & { readonly type: number; readonly active: boolean },
): void {
  const at = 446 + 16 * index;
  sector.writeUInt8(active ? 0x80 : 0, at);
  sector.writeUInt8(type, at + 4);
  sector.writeUInt32LE(start, at + 8);
  sector.writeUInt32LE(sectors, at + 12);
}
