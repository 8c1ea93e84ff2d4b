import { createCipheriv, createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Firmware } from "../../domain/vm.ts";
import type { HostTools } from "../../host/tools.ts";
import { putGuestAgent } from "./agent.ts";
import { makeBootable, rootPartition, sectorBytes } from "./boot-loader.ts";
import { missing, run } from "./build.ts";
import { allDrivers, findKernel, type GuestDriver, makeInitramfs, moduleFiles, withoutOthers } from "./initramfs.ts";
import { configFiles, scripts } from "./scripts.ts";

const MiB = 2 ** 20;

export interface GuestRecipe {
  readonly hostname: string;
  readonly sizeMiB: number;
  /** Files of the application, half of them incompressible. */
  readonly payloadMiB: number;
  /** What it can drive; leave some out for a guest that fails to boot on another site's controller. */
  readonly drivers: readonly GuestDriver[];
  /** Drivers that are installed as modules, as a distribution's are, whether or not the initramfs has them. */
  readonly modules?: readonly GuestDriver[];
  /** With QEMU's guest agent, as its package has it. */
  readonly agent?: boolean;
  /** What starts it. Default `bios`. */
  readonly firmware?: Firmware;
}

export const demoGuest: GuestRecipe = { hostname: "demo-app", sizeMiB: 128, payloadMiB: 24, drivers: allDrivers };

/**
 * Path of a raw, bootable disk made by the recipe; made once (3 s, no mounts, no root) and kept in `cacheDir`.
 * @throws ProviderError Unavailable when a tool or the kernel is missing.
 */
export async function guestImage(tools: HostTools, cacheDir: string, recipe: GuestRecipe = demoGuest): Promise<string> {
  const kernel = findGuestKernel(tools);
  const target = join(cacheDir, `guest-${fingerprint(recipe, kernel.release)}.raw`);
  if (existsSync(target)) return target;
  mkdirSync(cacheDir, { recursive: true, mode: 0o755 });
  const work = mkdtempSync(join(cacheDir, "making-"));
  try {
    chmodSync(work, 0o755);
    giveTo(tools, work);
    const image = join(work, "guest.raw");
    await makeRootFilesystem(tools, work, recipe, kernel, image);
    await makeBootable(tools, work, { sizeMiB: recipe.sizeMiB, firmware: recipe.firmware ?? "bios" }, image);
    renameSync(image, target);
    return target;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Kernel {
  readonly release: string;
  readonly image: string;
  readonly modulesDir: string;
}

function findGuestKernel(tools: HostTools): Kernel {
  const modulesRoot = tools.file("/lib/modules");
  const release = modulesRoot && findKernel(modulesRoot);
  const image = release && tools.file(`/boot/vmlinuz-${release}`);
  if (!modulesRoot || !release || !image) {
    throw missing("a cloud kernel", "package linux-image-cloud-amd64 was not brought in");
  }
  return { release, image, modulesDir: join(modulesRoot, release) };
}

async function makeRootFilesystem(
  tools: HostTools,
  work: string,
  recipe: GuestRecipe,
  kernel: Kernel,
  image: string,
): Promise<void> {
  const root = join(work, "root");
  for (const folder of ["bin", "sbin", "dev", "proc", "sys", "tmp", "run", "root", "boot/grub", "app/data"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const busybox = tools.path("busybox");
  copyFileSync(busybox, join(root, "bin/busybox"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  const applets = (await run(tools, "busybox", ["--list"]))
    .split("\n")
    .filter((name) => name !== "" && name !== "busybox");
  for (const applet of applets) symlinkSync("/bin/busybox", join(root, "bin", applet));
  for (const applet of ["init", "poweroff", "reboot"]) symlinkSync("/bin/busybox", join(root, "sbin", applet));
  const config = configFiles(recipe.hostname, kernel.release, withoutOthers(recipe.drivers));
  for (const [path, text] of Object.entries(config)) put(root, path, text, 0o644);
  for (const [path, text] of Object.entries(scripts)) put(root, path, text, 0o755);
  if (recipe.agent) await putGuestAgent(tools, (path, content) => put(root, path, content, 0o755));
  copyFileSync(kernel.image, join(root, `boot/vmlinuz-${kernel.release}`));
  const { modulesDir } = kernel;
  // Says what the kernel has inside of it, as on any installed system; the modules may all be in the initramfs.
  put(root, `lib/modules/${kernel.release}/modules.builtin`, readFileSync(join(modulesDir, "modules.builtin")), 0o644);
  for (const [path, content] of moduleFiles(modulesDir, recipe.modules ?? [])) {
    put(root, `lib/modules/${kernel.release}/${path}`, content, 0o644);
  }
  put(
    root,
    `boot/initrd.img-${kernel.release}`,
    makeInitramfs({ busybox, modulesDir, drivers: recipe.drivers }),
    0o644,
  );
  put(root, "app/data/payload.bin", payload(recipe.payloadMiB), 0o644);

  const file = await open(image, "w");
  await file.truncate(recipe.sizeMiB * MiB);
  await file.close();
  giveTo(tools, image);
  const { start, sectors } = rootPartition(recipe);
  const offset = start * sectorBytes;
  const features = "^metadata_csum_seed,^orphan_file";
  const extended = `offset=${offset},root_owner=0:0,lazy_itable_init=0`;
  const kib = `${(sectors * sectorBytes) / 1024}k`;
  const options = ["-q", "-F", "-t", "ext4", "-O", features, "-L", "guestroot", "-m", "0", "-E", extended];
  await run(tools, "mke2fs", [...options, "-d", root, image, kib]);
}

/** Half a keystream (incompressible), half lines of text; the same for everyone. */
function payload(sizeMiB: number): Buffer {
  const half = (sizeMiB * MiB) / 2;
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(half));
  return Buffer.concat([noise, Buffer.alloc(half, "record 0123456789 the quick brown fox jumps over the lazy dog\n")]);
}

/** Changes with the recipe, the kernel and this folder's code. */
function fingerprint(recipe: GuestRecipe, release: string): string {
  const hash = createHash("sha256").update(JSON.stringify(recipe)).update(release);
  const folder = dirname(fileURLToPath(import.meta.url));
  for (const file of ["agent.ts", "boot-loader.ts", "efi-partition.ts", "image.ts", "initramfs.ts", "scripts.ts"])
    hash.update(readFileSync(join(folder, file)));
  return hash.digest("hex").slice(0, 16);
}

function put(root: string, path: string, content: string | Buffer, mode: number): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
  chmodSync(target, mode);
}

function giveTo(tools: HostTools, path: string): void {
  if (tools.account) chownSync(path, tools.account.uid, tools.account.gid);
}
