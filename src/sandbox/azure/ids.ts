import { randomBytes } from "node:crypto";

/** A name of the sandbox's own for what Azure's answers don't show: layers, guests, lineages. */
export function newId(prefix: string): string {
  return `${prefix}-${randomBytes(8).toString("hex")}`;
}

/** As Azure's network cards have them: Microsoft's prefix for Hyper-V. */
export function newMac(): string {
  return `00-0D-3A-${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, "0")).join("-")}`.toUpperCase();
}

export function newEtag(): string {
  return `W/"${randomBytes(8).toString("hex")}"`;
}
