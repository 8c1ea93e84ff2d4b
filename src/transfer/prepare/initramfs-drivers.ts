import { driverName } from "../../domain/guest.ts";
import { Unreadable } from "../inspect/disk-bytes.ts";
import { compressionOf, expand } from "../inspect/expand.ts";
import type { FileSystem } from "../inspect/file-tree.ts";
import { type InitramfsStart, readInitramfs, stageFolder } from "../inspect/initramfs.ts";
import { CpioWriter } from "./cpio-writer.ts";

const maxModuleListBytes = 8 * 1024 * 1024;
const maxModuleBytes = 64 * 1024 * 1024;
/** LZ4's loop in the kernel takes four zero bytes for the end of what it expands. */
const gapBytes = 4;

/**
 * What to put behind an initramfs so that these drivers are loaded before all else: Linux unpacks archives that follow
 * each other, later files replace earlier ones. So the start becomes a script that loads the modules and then starts
 * what had been there; of the guest nothing runs here, and of its initramfs nothing is taken away.
 */
export async function moreDrivers(
  boot: FileSystem,
  root: FileSystem,
  { path, release, drivers }: { readonly path: string; readonly release: string; readonly drivers: readonly string[] },
): Promise<Buffer> {
  const file = await boot.find(path);
  if (file?.kind !== "file") throw new Unreadable(`${path} is not there any more`);
  const { start } = await readInitramfs(boot, file, path);
  if (!start) throw new Unreadable(`${path} has no shell that could load more modules`);
  const folder = `usr/lib/modules/${release}`;
  const modules = await modulesOf(root, (await root.exists(folder)) ? folder : `lib/modules/${release}`, drivers);
  const archive = stage(start, modules);
  const gap = gapBytes + ((4 - ((file.sizeBytes + gapBytes) % 4)) % 4);
  return Buffer.concat([Buffer.alloc(gap), archive]);
}

interface Module {
  readonly name: string;
  readonly content: Buffer;
}

/** The modules in the order they have to be loaded, expanded: what loads them early may know no compression. */
async function modulesOf(root: FileSystem, folder: string, drivers: readonly string[]): Promise<Module[]> {
  const list = (await root.text(`${folder}/modules.dep`, maxModuleListBytes)) ?? "";
  const needs = new Map<string, { readonly path: string; readonly needs: readonly string[] }>();
  for (const line of list.split("\n")) {
    const [path, rest = ""] = line.split(":");
    if (path) needs.set(driverName(path), { path, needs: rest.split(" ").filter((need) => need !== "") });
  }
  const ordered = new Set<string>();
  const add = (driver: string): void => {
    const module = needs.get(driver);
    if (!module || ordered.has(module.path)) return;
    for (const need of module.needs.toReversed()) add(driverName(need));
    ordered.add(module.path);
  };
  for (const driver of drivers) {
    if (!needs.has(driver)) throw new Unreadable(`${folder} has no module ${driver}`);
    add(driver);
  }
  const modules: Module[] = [];
  for (const path of ordered) modules.push({ name: driverName(path), content: await readModule(root, folder, path) });
  return modules;
}

async function readModule(root: FileSystem, folder: string, path: string): Promise<Buffer> {
  const full = path.startsWith("/") ? path.slice(1) : `${folder}/${path}`;
  const file = await root.find(full);
  if (file?.kind !== "file") throw new Unreadable(`${full} is not there`);
  if (file.sizeBytes > maxModuleBytes) throw new Unreadable(`${full} is larger than a module can be`);
  const stored = Buffer.concat(await Array.fromAsync(root.read(file, 0, file.sizeBytes)));
  if (full.endsWith(".ko")) return stored;
  const kind = compressionOf(stored);
  if (kind === "none") throw new Unreadable(`${full} is in a format unknown here`);
  const parts: Buffer[] = [];
  let size = 0;
  await expand(kind, bytesOf(stored), async (pieces) => {
    for await (const piece of pieces) {
      size += piece.length;
      if (size > maxModuleBytes) throw new Unreadable(`${full} is too large when expanded`);
      parts.push(piece);
    }
  });
  return Buffer.concat(parts);
}

async function* bytesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function stage({ init, shell, loader, stages }: InitramfsStart, modules: readonly Module[]): Buffer {
  const folder = stageFolder(stages + 1);
  const archive = new CpioWriter();
  archive.folder(folder);
  const names = modules.map(({ name }) => `${folder}/${name}.ko`);
  for (const [index, { content }] of modules.entries()) archive.file(names[index] as string, content, 0o644);
  if ("kmod" in loader) archive.link(`${folder}/insmod`, loader.kmod);
  if ("content" in init) archive.file(`${folder}/init`, init.content, 0o755);
  const load = "kmod" in loader ? `/${folder}/insmod` : loader.command;
  const next = "content" in init ? `/${folder}/init` : `/${init.link.replace(/^\/+/, "")}`;
  const script = [
    `#!${shell}`,
    "# Loads drivers for the machine that this guest was moved to, then starts what had started it before.",
    // One that is there already, or has no hardware, is no reason not to start.
    ...names.map((name) => `${load} /${name} 2>/dev/null`),
    `exec ${next} "$@"`,
    "",
  ];
  archive.file("init", Buffer.from(script.join("\n")), 0o755);
  return archive.end();
}
