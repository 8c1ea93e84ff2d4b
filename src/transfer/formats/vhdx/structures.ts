/** Names and places of MS-VHDX (Virtual Hard Disk v2 File Format), chapter 2. All numbers are little-endian. */
export const mib = 1024 * 1024;
export const fileSignature = "vhdxfile";
export const headerAt = [64 * 1024, 128 * 1024] as const;
export const headerBytes = 4096;
export const headerSignature = "head";
export const regionTableAt = [192 * 1024, 256 * 1024] as const;
export const regionTableBytes = 64 * 1024;
export const regionSignature = "regi";
export const metadataSignature = "metadata";
export const metadataTableBytes = 64 * 1024;
export const logEntrySignature = "loge";
/** Headers and region tables end here. */
export const headerSectionBytes = mib;
export const maxVhdxBytes = 64 * 1024 ** 4;

export const regionId = {
  bat: guid("2DC27766-F623-4200-9D64-115E9BFD4A08"),
  metadata: guid("8B7CA206-4790-4B9A-B8FE-575F050F886E"),
} as const;

export const itemId = {
  fileParameters: guid("CAA16737-FA36-4D43-B3B6-33F0AA44E76B"),
  diskSize: guid("2FA54224-CD1B-4876-B211-5DBED83BF4B8"),
  diskId: guid("BECA12AB-B2E6-4523-93EF-C309E000C746"),
  logicalSector: guid("8141BF1D-A96F-4709-BA47-F233A8FAAB5F"),
  physicalSector: guid("CDA348C7-445D-4471-9CC9-E9885251C556"),
  parentLocator: guid("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C"),
} as const;

/** The flags of a metadata table's entry. */
export const itemFlag = { user: 1, virtualDisk: 2, required: 4 } as const;
export const fileFlag = { leaveAllocated: 1, hasParent: 2 } as const;

export const blockState = { notPresent: 0, undefined: 1, zero: 2, unmapped: 3, present: 6, partial: 7 } as const;

/** Payload entries between two entries of sector bitmaps. */
export function chunkRatio(blockBytes: number, sectorBytes: number): number {
  return (2 ** 23 * sectorBytes) / blockBytes;
}

/** A GUID as its bytes in a file, in hexadecimal: its first three fields are little-endian. */
export function guid(text: string): string {
  const [first = "", second = "", third = "", ...rest] = text.toLowerCase().split("-");
  return `${[first, second, third].map(reversed).join("")}${rest.join("")}`;
}

function reversed(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join("");
}
