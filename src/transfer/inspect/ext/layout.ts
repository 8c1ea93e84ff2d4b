import { type Bytes, Unreadable } from "../disk-bytes.ts";

/** Field offsets and flags are those of the kernel's Documentation/filesystems/ext4. */
const feature = {
  compression: 0x1,
  filetype: 0x2,
  recover: 0x4,
  journalDevice: 0x8,
  metaGroups: 0x10,
  extents: 0x40,
  bits64: 0x80,
  multiMount: 0x100,
  flexGroups: 0x200,
  inodeInAttribute: 0x400,
  checksumSeed: 0x2000,
  largeFolders: 0x4000,
  inlineData: 0x8000,
  encryption: 0x1_0000,
  foldedCase: 0x2_0000,
};
/** What changes no place that we look at, or only of files that say so themselves. */
const understood =
  feature.filetype |
  feature.recover |
  feature.metaGroups |
  feature.extents |
  feature.bits64 |
  feature.multiMount |
  feature.flexGroups |
  feature.inodeInAttribute |
  feature.checksumSeed |
  feature.largeFolders |
  feature.inlineData |
  feature.encryption |
  feature.foldedCase;
/** Of the features that matter to writers only: superblock copies in powers of 3, 5 and 7, or in two groups. */
const sparseSuper = 0x1;
const sparseSuper2 = 0x200;

export interface ExtLayout {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly inodes: number;
  readonly inodesPerGroup: number;
  readonly inodeBytes: number;
  /** Was not closed in order: what its journal holds is not in place yet. */
  readonly inUse: boolean;
  /** Where the group's descriptor is, in bytes, and how long it is. */
  descriptor(group: number): { readonly at: number; readonly length: number };
  /** Where the group's inode table starts, as a block. */
  inodeTable(group: number): Promise<number>;
}

/** Reads and judges the superblock. */
export async function readLayout(bytes: Bytes): Promise<ExtLayout> {
  const block = await bytes.read(1024, 1024);
  const number = (at: number) => block.readUInt32LE(at);
  if (block.readUInt16LE(0x38) !== 0xef53) throw new Unreadable("its superblock is damaged");
  const [compatible, incompatible, forWriters] = [number(0x5c), number(0x60), number(0x64)];
  const unknownFeatures = incompatible & ~understood;
  if (unknownFeatures !== 0) {
    throw new Unreadable(`its file system has features unknown here (0x${(unknownFeatures >>> 0).toString(16)})`);
  }
  const has = (flag: number) => (incompatible & flag) !== 0;
  const [blockShift, revision] = [number(0x18), number(0x4c)];
  if (blockShift > 6) throw new Unreadable("its superblock names an impossible block size");
  const blockBytes = 1024 << blockShift;
  const blocks = number(4) + (has(feature.bits64) ? number(0x150) * 2 ** 32 : 0);
  const firstBlock = number(0x14);
  const [perGroup, inodesPerGroup] = [number(0x20), number(0x28)];
  const inodeBytes = revision === 0 ? 128 : block.readUInt16LE(0x58);
  const descriptorBytes = has(feature.bits64) ? block.readUInt16LE(0xfe) : 32;
  const firstMeta = has(feature.metaGroups) ? number(0x104) : Number.POSITIVE_INFINITY;
  const sound =
    isPowerOfTwo(inodeBytes) &&
    inodeBytes >= 128 &&
    inodeBytes <= blockBytes &&
    isPowerOfTwo(descriptorBytes) &&
    descriptorBytes >= 32 &&
    descriptorBytes <= 1024 &&
    perGroup > 0 &&
    inodesPerGroup > 0 &&
    firstBlock <= 1 &&
    blocks * blockBytes <= 2 ** 60;
  if (!sound) throw new Unreadable("its superblock contradicts itself");
  const perBlock = blockBytes / descriptorBytes;
  const backupGroups = [number(0x24c), number(0x250)];

  const hasSuperblock = (group: number): boolean => {
    if (group === 0) return true;
    if (compatible & sparseSuper2) return backupGroups.includes(group);
    return (forWriters & sparseSuper) === 0 || group === 1 || [3, 5, 7].some((base) => isPowerOf(group, base));
  };
  /** Where the block of descriptors number `index` is. */
  const descriptorBlock = (index: number): number => {
    if (index < firstMeta) return (blockBytes === 1024 ? 2 : 1) + index;
    const group = index * perBlock;
    return firstBlock + group * perGroup + (hasSuperblock(group) ? 1 : 0);
  };
  const placeOf = (group: number) => ({
    at: descriptorBlock(Math.floor(group / perBlock)) * blockBytes + (group % perBlock) * descriptorBytes,
    length: descriptorBytes,
  });
  return {
    blockBytes,
    blocks,
    inodes: number(0),
    inodesPerGroup,
    inodeBytes,
    inUse: has(feature.recover),
    descriptor: placeOf,
    async inodeTable(group) {
      const { at, length } = placeOf(group);
      const descriptor = await bytes.read(at, length);
      const high = descriptorBytes >= 64 ? descriptor.readUInt32LE(0x28) : 0;
      return descriptor.readUInt32LE(8) + high * 2 ** 32;
    },
  };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

function isPowerOf(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}
