import { randomBytes } from "node:crypto";
import type { Tables } from "./state.ts";

export function newLayerId(): string {
  return `ly-${randomBytes(9).toString("hex")}`;
}

/** Droplets, images and actions are numbered in one row here. */
export function nextNumber({ settings }: Tables): string {
  const last = Number(settings.get("last-number")?.value ?? 400_000_000);
  settings.put({ id: "last-number", value: last + 1 });
  return String(last + 1);
}

/** Whole seconds, as the API shows times. */
export function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
