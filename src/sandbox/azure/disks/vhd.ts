import { geometryOf, vhdChecksum } from "../../../transfer/formats/vhd/footer.ts";

export const footerBytes = 512;
const MiB = 2 ** 20;
const fixed = 2;
const checksumAt = 64;

/** The footer of the fixed VHD that a managed disk's blob is: the data first, then this. */
export function fixedFooter(sizeBytes: number, uniqueId: string): Buffer {
  const footer = Buffer.alloc(footerBytes);
  const { cylinders, heads, sectors } = geometryOf(sizeBytes);
  footer.write("conectix", 0, "latin1");
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x0001_0000, 12);
  footer.fill(0xff, 16, 24);
  footer.write("wa  ", 28, "latin1");
  footer.write("Wi2k", 36, "latin1");
  footer.writeBigUInt64BE(BigInt(sizeBytes), 40);
  footer.writeBigUInt64BE(BigInt(sizeBytes), 48);
  footer.writeUInt16BE(cylinders, 56);
  footer.writeUInt8(heads, 58);
  footer.writeUInt8(sectors, 59);
  footer.writeUInt32BE(fixed, 60);
  Buffer.from(uniqueId.replaceAll("-", ""), "hex").copy(footer, 68);
  footer.writeUInt32BE(vhdChecksum(footer, checksumAt), checksumAt);
  return footer;
}

/**
 * Why a blob of `blobBytes` with this footer is no VHD that Azure takes; undefined when it is one.
 * https://learn.microsoft.com/azure/virtual-machines/linux/create-upload-generic: fixed, and a whole number of MiB.
 */
export function footerProblem(footer: Buffer, blobBytes: number): string | undefined {
  if (footer.toString("latin1", 0, 8) !== "conectix")
    return "The specified cookie value in VHD footer indicates that the disk is not a supported VHD. Disk is expected to have cookie value 'conectix'.";
  if (footer.readUInt32BE(checksumAt) !== vhdChecksum(footer, checksumAt)) return "The VHD footer's checksum is wrong.";
  if (footer.readUInt32BE(60) !== fixed) return "Only fixed VHD type is supported.";
  const sizeBytes = Number(footer.readBigUInt64BE(48));
  if (sizeBytes % MiB !== 0)
    return `The disk has an unsupported virtual size of ${sizeBytes} bytes. The size must be a whole number (in MBs).`;
  if (sizeBytes !== blobBytes - footerBytes)
    return `The VHD footer says ${sizeBytes} bytes, and the blob holds ${blobBytes - footerBytes}.`;
  return undefined;
}
