import { ProviderError } from "../../domain/errors.ts";

const sectorBytes = 512;

/** Disks of whole sectors is all that most formats can say. */
export function sectorsUp(bytes: number): number {
  return Math.ceil(bytes / sectorBytes) * sectorBytes;
}

export function sectorsDown(bytes: number): number {
  return Math.floor(bytes / sectorBytes) * sectorBytes;
}

export function roundUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step;
}

/** @throws ProviderError InvalidInput */
export function requireFits(format: string, sizeBytes: number, mostBytes: number): void {
  if (sizeBytes <= mostBytes) return;
  throw new ProviderError("InvalidInput", {
    operation: "plan the image",
    resource: format,
    reason: `the disk has ${sizeBytes} bytes, and the format holds ${mostBytes} at most`,
    action: "Choose another format: qcow2 and vhdx hold disks of 64 TiB.",
  });
}
