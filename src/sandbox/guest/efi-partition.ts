const sectorBytes = 512;
/** 8 MiB. */
export const efiSectors = 16_384;
const reservedSectors = 1;
const tables = 2;
const tableSectors = 64;
const rootEntries = 512;
const rootSectors = (rootEntries * 32) / sectorBytes;
const firstDataSector = reservedSectors + tables * tableSectors + rootSectors;
const folder = 0x10;
const archive = 0x20;
const endOfChain = 0xffff;
/** 1 January 1980, the first day that FAT knows: the same image for everyone. */
const day = 0x21;

/**
 * An EFI system partition with one file, `EFI/BOOT/BOOTX64.EFI`, which firmware starts that knows nothing of the disk. FAT16
 * with clusters of a sector, by Microsoft's "FAT: General Overview of On-Disk Format", 1.03.
 */
export function efiPartition(loader: Buffer, startSector: number): Buffer {
  const bytes = Buffer.alloc(efiSectors * sectorBytes);
  writeBootSector(bytes, startSector);
  const [efi, boot, file] = [2, 3, 4];
  const clusters = Math.ceil(loader.length / sectorBytes);
  const chain = Array.from({ length: clusters }, (_, index) =>
    index === clusters - 1 ? endOfChain : file + index + 1,
  );
  const table = [0xfff8, 0xffff, endOfChain, endOfChain, ...chain];
  for (let copy = 0; copy < tables; copy++) {
    const at = (reservedSectors + copy * tableSectors) * sectorBytes;
    for (const [index, next] of table.entries()) bytes.writeUInt16LE(next, at + 2 * index);
  }
  const rootAt = (reservedSectors + tables * tableSectors) * sectorBytes;
  writeEntry(bytes, rootAt, { name: "EFI", kind: folder, cluster: efi, size: 0 });
  writeFolder(bytes, efi, 0, { name: "BOOT", kind: folder, cluster: boot, size: 0 });
  writeFolder(bytes, boot, efi, { name: "BOOTX64 EFI", kind: archive, cluster: file, size: loader.length });
  loader.copy(bytes, offsetOf(file));
  return bytes;
}

function writeBootSector(bytes: Buffer, startSector: number): void {
  bytes.set([0xeb, 0x3c, 0x90]);
  bytes.write("MSDOS5.0", 3, "latin1");
  bytes.writeUInt16LE(sectorBytes, 11);
  bytes.writeUInt8(1, 13);
  bytes.writeUInt16LE(reservedSectors, 14);
  bytes.writeUInt8(tables, 16);
  bytes.writeUInt16LE(rootEntries, 17);
  bytes.writeUInt16LE(efiSectors, 19);
  bytes.writeUInt8(0xf8, 21);
  bytes.writeUInt16LE(tableSectors, 22);
  bytes.writeUInt16LE(63, 24);
  bytes.writeUInt16LE(255, 26);
  bytes.writeUInt32LE(startSector, 28);
  bytes.writeUInt8(0x80, 36);
  bytes.writeUInt8(0x29, 38);
  bytes.writeUInt32LE(0x4e56_4346, 39);
  bytes.write("EFI        FAT16   ", 43, "latin1");
  bytes.writeUInt16LE(0xaa55, 510);
}

interface Entry {
  /** Eight characters and three of the extension, padded. */
  readonly name: string;
  readonly kind: number;
  readonly cluster: number;
  readonly size: number;
}

/** Every folder but the root begins with itself and with what it is in; 0 stands for the root. */
function writeFolder(bytes: Buffer, cluster: number, parent: number, entry: Entry): void {
  const at = offsetOf(cluster);
  writeEntry(bytes, at, { name: ".", kind: folder, cluster, size: 0 });
  writeEntry(bytes, at + 32, { name: "..", kind: folder, cluster: parent, size: 0 });
  writeEntry(bytes, at + 64, entry);
}

function writeEntry(bytes: Buffer, at: number, { name, kind, cluster, size }: Entry): void {
  bytes.write(name.padEnd(11), at, "latin1");
  bytes.writeUInt8(kind, at + 11);
  bytes.writeUInt16LE(day, at + 16);
  bytes.writeUInt16LE(day, at + 24);
  bytes.writeUInt16LE(cluster, at + 26);
  bytes.writeUInt32LE(size, at + 28);
}

function offsetOf(cluster: number): number {
  return (firstDataSector + cluster - 2) * sectorBytes;
}
