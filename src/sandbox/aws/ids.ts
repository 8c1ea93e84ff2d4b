import { randomBytes } from "node:crypto";

/** A resource id as AWS makes them since 2018: a prefix and 17 hexadecimal digits. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString("hex")}`;
}

export function newMac(): string {
  return `02:${[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
}
