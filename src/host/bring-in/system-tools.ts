import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { toolAccount } from "../account.ts";
import { makeToolDir } from "../paths.ts";
import type { ToolName } from "../tools.ts";
import type { ToolEntry, ToolsManifest } from "../tools-manifest.ts";
import { optionalTools, readToolsManifest, toolNames, writeToolsManifest } from "../tools-manifest.ts";
import { type Addition, addFolders } from "./additions.ts";
import { command, lastLine } from "./command.ts";
import { findOnPath } from "./find-on-path.ts";
import { unpackPackages, whyNoPackages } from "./packages.ts";
import { unpackedProgram, writeWrappers } from "./wrappers.ts";

const libvirtPackages = ["libvirt-daemon", "libvirt-daemon-driver-qemu", "libvirt-clients"];
const packages = [
  "qemu-system-x86",
  "qemu-utils",
  "seabios",
  "ipxe-qemu",
  "ovmf",
  ...libvirtPackages,
  "libnbd-bin",
  "linux-image-cloud-amd64|linux-image-virtual|linux-image-generic?",
  "busybox-static",
  "grub-pc-bin",
  "grub-efi-amd64-bin?",
  "grub-common",
  "e2fsprogs",
  "fdisk",
  "cpio",
  "kmod",
  "qemu-guest-agent",
  "tini",
];
/** What an earlier release did not bring; guests that need it can't be made where it is missing. */
const additions: readonly Addition[] = [{ folder: "usr/lib/grub/x86_64-efi", packageName: "grub-efi-amd64-bin" }];
/** Where something was missing, a new attempt is made only after this: each costs a refresh of package lists. */
const retryAfterMs = 60 * 60 * 1000;

/**
 * Finds QEMU, libvirt, the NBD tools and what builds a guest: on PATH where complete, else from packages unpacked into
 * `<cache>/tools`, and writes the manifest. What can't be had is recorded with a sentence, and never fails the whole.
 */
export async function bringInTools(
  cache: string,
  manifestPath: string,
  onProgress: (line: string) => void,
): Promise<ToolsManifest> {
  const known = readToolsManifest(manifestPath);
  if (known && isCurrent(known)) {
    if (known.root !== undefined) await addFolders(additions, known.root, retryAfterMs, onProgress);
    return known;
  }
  const toolHome = makeToolDir(join(cache, "tool-home"));
  const onPath = await survey(undefined, toolHome);
  if (onPath.guests.possible) {
    writeToolsManifest(manifestPath, onPath);
    return onPath;
  }
  const root = join(cache, "tools/root");
  mkdirSync(join(cache, "tools"), { recursive: true });
  let failure = whyNoPackages();
  if (failure === undefined) {
    onProgress("Unpacking QEMU, libvirt and NBD tools privately (about 60 MB, nothing is installed)");
    failure = await unpackPackages(packages, root, join(cache, "tools/apt"));
  }
  if (failure !== undefined && !existsSync(root)) {
    const manifest = { ...onPath, tools: explain(onPath.tools, failure) };
    writeToolsManifest(manifestPath, manifest);
    return manifest;
  }
  await indexKernelModules(root);
  writeWrappers(root, toolNames);
  let manifest = await survey(root, toolHome);
  if ("missing" in manifest.tools.libvirtd && process.getuid?.() === 0) {
    manifest = await installLibvirt(root, manifest, onProgress);
  }
  writeToolsManifest(manifestPath, manifest);
  return manifest;
}

function isCurrent(manifest: ToolsManifest): boolean {
  const entries = Object.values(manifest.tools);
  if (entries.some((entry) => ("path" in entry ? !existsSync(entry.path) : entry.unsought))) {
    return false;
  }
  // Possible guests have all that they need.
  return manifest.guests.possible || Date.now() - Date.parse(manifest.surveyedAt) < retryAfterMs;
}

function explain(tools: ToolsManifest["tools"], reason: string): Record<ToolName, ToolEntry> {
  return Object.fromEntries(
    Object.entries(tools).map(([name, entry]) => [
      name,
      "path" in entry ? entry : { missing: `${name} is not installed, and could not be unpacked: ${reason}.` },
    ]),
  ) as Record<ToolName, ToolEntry>;
}

/** Looks at every tool and tries the ones whose packages may not work here. */
async function survey(root: string | undefined, toolHome: string): Promise<ToolsManifest> {
  const entries: [ToolName, ToolEntry][] = [];
  for (const name of toolNames) {
    entries.push([name, await locate(name, root)]);
  }
  const tools = Object.fromEntries(entries) as Record<ToolName, ToolEntry>;
  return {
    version: 2,
    ...(root === undefined ? {} : { root }),
    toolHome,
    tools,
    guests: guestsPossible(tools, root),
    surveyedAt: new Date().toISOString(),
  };
}

async function locate(name: ToolName, root: string | undefined): Promise<ToolEntry> {
  const unpacked = root === undefined ? undefined : unpackedProgram(root, name);
  if (root === undefined || unpacked === undefined) {
    const found = findOnPath(name);
    return found && (name !== "libvirtd" || hasQemuDriver())
      ? { path: found }
      : { missing: `${name} is not installed.` };
  }
  // Copied into guests as it is, and static.
  if (name === "busybox") {
    return { path: unpacked };
  }
  // Its libraries are the machine's own, and what it starts must not get others by it.
  const path = name === "tini" ? unpacked : join(root, "../bin", name);
  const account = toolAccount();
  const runAs = account && name !== "libvirtd" ? { uid: account.uid, gid: account.gid } : {};
  const trial = await command(path, [name === "mke2fs" ? "-V" : "--version"], {
    ...runAs,
    env: account ? { NOVACRON_RUN_AS: `${account.uid}:${account.gid}` } : {},
    timeoutMs: 30_000,
  });
  return trial.exitCode === 0
    ? { path }
    : { missing: `${name} was unpacked but does not run here: ${lastLine(trial.output)}.` };
}

function hasQemuDriver(): boolean {
  return ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"].some((folder) =>
    existsSync(join(folder, "libvirt/connection-driver/libvirt_driver_qemu.so")),
  );
}

function guestsPossible(
  tools: Readonly<Record<ToolName, ToolEntry>>,
  root: string | undefined,
): ToolsManifest["guests"] {
  for (const name of toolNames) {
    const entry = tools[name];
    if ("missing" in entry && !optionalTools.includes(name)) {
      return { possible: false, reason: entry.missing };
    }
  }
  const roots = root === undefined ? [""] : [root, ""];
  const has = (path: string) => roots.some((folder) => existsSync(join(folder, path)));
  for (const path of ["/usr/lib/grub/i386-pc/boot.img", "/usr/sbin/qemu-ga"]) {
    if (!has(path)) {
      return { possible: false, reason: `${path}, which goes into a guest, is not installed.` };
    }
  }
  const kernel = roots.some(
    (folder) => folderHas(`${folder}/boot`, /^vmlinuz-.+/) && folderHas(`${folder}/lib/modules`, /./),
  );
  return kernel
    ? { possible: true }
    : { possible: false, reason: "There is no Linux kernel package to boot a guest with." };
}

function folderHas(folder: string, pattern: RegExp): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => pattern.test(name));
}

/** The kernel package's own script, which we don't run, would have written the module index. */
async function indexKernelModules(root: string): Promise<void> {
  const modules = join(root, "usr/lib/modules");
  const depmod = unpackedProgram(root, "depmod") ?? findOnPath("depmod");
  if (depmod === undefined || !existsSync(modules)) {
    return;
  }
  for (const release of readdirSync(modules)) {
    await command(depmod, ["-b", root, release], {
      env: { LD_LIBRARY_PATH: join(root, "usr/lib/x86_64-linux-gnu") },
    });
  }
}

/** For root in a container that grants no namespaces: libvirt itself has to be where it was built to be. */
async function installLibvirt(
  root: string,
  manifest: ToolsManifest,
  onProgress: (line: string) => void,
): Promise<ToolsManifest> {
  onProgress("Installing libvirt with apt-get, as this machine grants no private mounts");
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await command("apt-get", ["-qq", "update"], { env });
  const args = ["-y", "-qq", "--no-install-recommends", "install", ...libvirtPackages];
  const installed = await command("apt-get", args, { env });
  const path = findOnPath("libvirtd");
  if (installed.exitCode !== 0 || path === undefined) {
    const reason = `libvirtd could neither be run from unpacked packages nor installed: ${lastLine(installed.output)}.`;
    const tools = { ...manifest.tools, libvirtd: { missing: reason } };
    return { ...manifest, tools, guests: { possible: false, reason } };
  }
  const tools = { ...manifest.tools, libvirtd: { path } };
  return { ...manifest, tools, guests: guestsPossible(tools, root) };
}
