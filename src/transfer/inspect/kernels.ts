import { driversAmong, type Fact, type GuestInitramfs, type GuestKernel, known, unknown } from "../../domain/guest.ts";
import { type BootEntry, type BootMenu, byRelease, readBootMenu } from "./boot-entries.ts";
import { attempt, Unreadable } from "./disk-bytes.ts";
import type { FileNode, FileSystem } from "./file-tree.ts";
import { type InitramfsContent, readInitramfs } from "./initramfs.ts";
import { builtInByConfig } from "./kernel-config.ts";
import { disabledByCommandLine, disabledDrivers } from "./modprobe.ts";
import { printable } from "./text.ts";

/** Kernels whose initramfs is looked into; expanding each may cost a second. */
const maxLookedInto = 3;
const maxKernels = 50;
const maxModuleListBytes = 8 * 1024 * 1024;
const kernelName = /^(?:vmlinuz|vmlinux|kernel|bzImage)(?:-(.+))?$/;

export interface BootPlace {
  readonly files: FileSystem;
  /** The boot folder in it: `boot`, or nothing when it is a file system of its own. */
  readonly folder: string;
}

interface FoundKernel {
  readonly release: string;
  readonly path: string;
  readonly entry?: BootEntry;
  readonly isDefault: boolean;
}

export interface KernelOptions {
  /** Undefined when the root file system cannot be read, for `rootReason`. */
  readonly root: FileSystem | undefined;
  readonly rootReason: string;
  /** Whether to look into each initramfs. */
  readonly drivers: boolean;
}

/** The kernels that are installed, the one that starts first, then the newest, with what each can drive. */
export async function readKernels(boot: BootPlace, options: KernelOptions): Promise<GuestKernel[]> {
  const { root, rootReason } = options;
  const found = await findKernels(boot);
  if (found.length === 0) throw new Unreadable("no kernel is on the file systems that can be read");
  const configured = root ? disabledDrivers(await modprobeConfiguration(root)) : [];
  const kernels: GuestKernel[] = [];
  for (const [index, kernel] of found.entries()) {
    const content: Fact<InitramfsContent> = !options.drivers
      ? unknown("nobody asked for its drivers")
      : index < maxLookedInto
        ? await attempt(() => readKernelInitramfs(boot, kernel))
        : unknown(`only the initramfs of the first ${maxLookedInto} kernels is looked into`);
    const { release, path, isDefault, entry } = kernel;
    const commandLine = entry?.commandLine;
    const switchedOff = disabledByCommandLine(commandLine ?? "");
    const inside = content.known ? content.value.disabled : [];
    kernels.push({
      release,
      path,
      isDefault,
      ...(entry?.file === undefined ? {} : { menu: printable(entry.file) }),
      commandLine:
        commandLine === undefined ? unknown("no boot entry for it was found") : known(printable(commandLine, 4096)),
      initramfs: content.known ? known(publicPart(content.value)) : content,
      builtIn: await attempt(() => readBuiltIn(boot, root, release, content)),
      installed: await attempt(() => readInstalled(root, rootReason, release)),
      disabledBuiltIn: switchedOff.builtIn,
      disabledModules: [...new Set([...switchedOff.modules, ...configured, ...inside])].sort(),
    });
  }
  return kernels;
}

async function findKernels(boot: BootPlace): Promise<FoundKernel[]> {
  const menu: BootMenu = (await readBootMenu(boot.files, boot.folder)) ?? { entries: [] };
  const paths = (await boot.files.names(boot.folder))
    .filter((name) => kernelName.test(name) && !/rescue|\.old$/.test(name))
    .map((name) => `${boot.folder}/${name}`.replace(/^\/+/, ""));
  const all = new Map<string, FoundKernel>();
  const candidates = [menu.defaultEntry, ...menu.entries].filter((entry) => entry !== undefined);
  for (const path of [...candidates.map(({ kernelPath }) => kernelPath.replace(/^\/+/, "")), ...paths].slice(
    0,
    maxKernels,
  )) {
    const file = await boot.files.find(path);
    if (file?.kind !== "file") continue;
    const release =
      kernelName.exec(path.slice(path.lastIndexOf("/") + 1))?.[1] ?? (await releaseInside(boot.files, file));
    if (release === undefined || all.has(release)) continue;
    const entry = candidates.find(({ kernelPath }) => kernelPath.replace(/^\/+/, "") === path);
    const isDefault = menu.defaultEntry !== undefined && entry === menu.defaultEntry;
    all.set(release, { release: printable(release), path: printable(path), entry, isDefault });
  }
  const only = all.size === 1;
  return [...all.values()]
    .map((kernel) => (only ? { ...kernel, isDefault: true } : kernel))
    .sort((a, b) => Number(b.isDefault) - Number(a.isDefault) || byRelease(a.release, b.release));
}

/** x86's boot protocol: the kernel's own version, for one whose name does not tell it. */
async function releaseInside(files: FileSystem, kernel: FileNode): Promise<string | undefined> {
  const head = Buffer.concat(await Array.fromAsync(files.read(kernel, 0, 65_536)));
  if (head.length < 0x210 || head.toString("latin1", 0x202, 0x206) !== "HdrS") return undefined;
  const at = 0x200 + head.readUInt16LE(0x20e);
  return /^[\w.+~-]{1,128}/.exec(head.toString("latin1", at, at + 128))?.[0];
}

async function readKernelInitramfs(boot: BootPlace, kernel: FoundKernel): Promise<InitramfsContent> {
  const { release, entry } = kernel;
  const named = entry?.initramfsPaths ?? [];
  const usual = [`initrd.img-${release}`, `initramfs-${release}.img`, `initrd-${release}`, `initramfs-${release}`];
  const paths = named.length > 0 ? named : entry ? [] : usual.map((name) => `${boot.folder}/${name}`);
  const parts: InitramfsContent[] = [];
  for (const path of paths) {
    const file = await boot.files.find(path);
    if (file?.kind === "file") parts.push(await readInitramfs(boot.files, file, printable(path)));
    else if (named.length > 0) throw new Unreadable(`its boot entry names ${printable(path)}, which is not there`);
  }
  if (parts.length === 0 && !entry) throw new Unreadable("no initramfs with its name was found");
  const all = <T>(of: (part: InitramfsContent) => readonly T[]) => [...new Set(parts.flatMap(of))];
  return {
    path: parts.at(-1)?.path,
    compression: parts.flatMap(({ compression }) => compression),
    drivers: all(({ drivers }) => drivers).sort(),
    disabled: all(({ disabled }) => disabled),
    builtIn: parts.find(({ builtIn }) => builtIn !== undefined)?.builtIn,
    start: parts.at(-1)?.start,
  };
}

function publicPart({ path, compression, drivers, start }: InitramfsContent): GuestInitramfs {
  return { path, compression, drivers, ...(start ? { takesMore: true } : {}) };
}

/** From the list that comes with the modules, else from the initramfs' copy of it, else from the kernel's configuration. */
async function readBuiltIn(
  boot: BootPlace,
  root: FileSystem | undefined,
  release: string,
  initramfs: Fact<InitramfsContent>,
): Promise<readonly string[]> {
  const listed = await root?.text(`lib/modules/${release}/modules.builtin`, maxModuleListBytes);
  if (listed !== undefined) return driversAmong(listed.split("\n"));
  if (initramfs.known && initramfs.value.builtIn) return initramfs.value.builtIn;
  const config = await boot.files.text(`${boot.folder}/config-${release}`);
  if (config !== undefined) return builtInByConfig(config);
  throw new Unreadable("neither modules.builtin nor the kernel's configuration is on the disk");
}

async function readInstalled(
  root: FileSystem | undefined,
  reason: string,
  release: string,
): Promise<readonly string[]> {
  if (!root) throw new Unreadable(reason);
  const list = await root.text(`lib/modules/${release}/modules.dep`, maxModuleListBytes);
  return driversAmong((list ?? "").split("\n").map((line) => line.slice(0, Math.max(0, line.indexOf(":")))));
}

async function modprobeConfiguration(root: FileSystem): Promise<string[]> {
  const texts: string[] = [];
  for (const folder of ["etc/modprobe.d", "lib/modprobe.d"]) {
    for (const name of (await root.names(folder)).filter((each) => each.endsWith(".conf")).slice(0, 100)) {
      texts.push((await root.text(`${folder}/${name}`)) ?? "");
    }
  }
  return texts;
}
