import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { ProviderError } from "../domain/errors.ts";
import type { ToolName } from "./tools.ts";

/** Every tool the product knows, in the order they are reported. */
export const toolNames: readonly ToolName[] = [
  "qemu-system-x86_64",
  "qemu-img",
  "qemu-nbd",
  "qemu-storage-daemon",
  "nbdcopy",
  "nbdinfo",
  "libvirtd",
  "virsh",
  "mke2fs",
  "sfdisk",
  "grub-mkimage",
  "busybox",
  "cpio",
  "depmod",
  "modprobe",
  "tini",
];

/** What works without them, if not as well. */
export const optionalTools: readonly ToolName[] = ["tini"];

export type ToolEntry =
  | { readonly path: string }
  | {
      readonly missing: string;
      /** Nobody looked for it: the manifest is of a release that did not know it. */
      readonly unsought?: true;
    };

/** `tools.json`: where each tool of this machine is, written once by the bring-in and read by every process. */
export interface ToolsManifest {
  readonly version: 2;
  /** Root of privately unpacked packages, when there are any. */
  readonly root?: string;
  /** Home folder the tools see; it belongs to the account they run as. */
  readonly toolHome: string;
  readonly tools: Readonly<Record<ToolName, ToolEntry>>;
  /** Whether real guests can be built and booted here; the reason is a sentence for a person. */
  readonly guests: { readonly possible: true } | { readonly possible: false; readonly reason: string };
  /** ISO 8601. */
  readonly surveyedAt: string;
}

export function readToolsManifest(path: string): ToolsManifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(path, "utf8")) as ToolsManifest;
    if (manifest.version !== 2) return undefined;
    const unsought = toolNames.filter((name) => !Object.hasOwn(manifest.tools, name)).map(unsoughtEntry);
    return { ...manifest, tools: { ...manifest.tools, ...Object.fromEntries(unsought) } };
  } catch {
    return undefined;
  }
}

function unsoughtEntry(name: ToolName): [ToolName, ToolEntry] {
  return [name, { missing: `${name} was not looked for yet; run ./novacron up again.`, unsought: true }];
}

/** @throws ProviderError Unavailable when the tools have not been brought in. */
export function requireToolsManifest(path: string): ToolsManifest {
  const manifest = readToolsManifest(path);
  if (!manifest) {
    throw new ProviderError("Unavailable", {
      operation: "read the list of tools",
      resource: path,
      reason: "it is missing or from another version",
      action: "Run ./novacron up once: it finds or brings in the tools.",
    });
  }
  return manifest;
}

export function writeToolsManifest(path: string, manifest: ToolsManifest): void {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o644 });
  renameSync(partial, path);
}
