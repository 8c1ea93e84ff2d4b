import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { initScript } from "./scripts.ts";

/** Storage and network of every site we know, and what an orderly power-off needs. */
export const allDrivers = [
  "virtio_pci",
  "virtio_blk",
  "virtio_scsi",
  "sd_mod",
  "ata_piix",
  "virtio_net",
  "virtio_console",
  "virtio_balloon",
  "nvme",
  "evdev",
  "button",
  "hv_storvsc",
  "hv_netvsc",
  "ena",
  "gve",
] as const;

export type GuestDriver = (typeof allDrivers)[number];

/** Drivers that Debian's cloud kernel has inside of it, with what they start by: no initramfs can leave them out. */
const builtIn: Partial<Record<GuestDriver, string>> = { nvme: "nvme_init" };

/** What to add to the kernel's command line so that the guest has no other drivers than these. */
export function withoutOthers(drivers: readonly GuestDriver[]): string {
  const unwanted = Object.entries(builtIn).flatMap(([driver, call]) =>
    drivers.includes(driver as GuestDriver) ? [] : [call],
  );
  return unwanted.length === 0 ? "" : `initcall_blacklist=${unwanted.join(",")}`;
}

const applets = ["sh", "mount", "insmod", "switch_root", "findfs", "sleep", "echo", "cat"];

/** A gzipped initramfs with busybox, our init and the modules that `drivers` need, in loading order. */
export function makeInitramfs(input: { busybox: string; modulesDir: string; drivers: readonly string[] }): Buffer {
  const modules = resolveModules(input.modulesDir, input.drivers);
  const archive = new CpioArchive();
  for (const folder of ["bin", "dev", "proc", "sys", "new", "modules"]) archive.folder(folder);
  archive.file("bin/busybox", readFileSync(input.busybox), 0o755);
  for (const applet of applets) archive.link(`bin/${applet}`, "busybox");
  archive.file("init", Buffer.from(initScript), 0o755);
  archive.file("modules/order", Buffer.from(`${modules.map((path) => basename(path)).join("\n")}\n`), 0o644);
  for (const path of modules)
    archive.file(`modules/${basename(path)}`, readFileSync(join(input.modulesDir, path)), 0o644);
  return gzipSync(archive.end(), { level: 6 });
}

/** Path below `lib/modules/<release>` → content: the modules of these drivers, and what depends on what. */
export function moduleFiles(modulesDir: string, drivers: readonly string[]): ReadonlyMap<string, Buffer> {
  const paths = resolveModules(modulesDir, drivers);
  if (paths.length === 0) return new Map();
  const own = new Set(paths);
  const all = readFileSync(join(modulesDir, "modules.dep"), "utf8").split("\n");
  const list = all.filter((line) => own.has(line.slice(0, Math.max(0, line.indexOf(":")))));
  const files = paths.map((path): [string, Buffer] => [path, readFileSync(join(modulesDir, path))]);
  return new Map([...files, ["modules.dep", Buffer.from(`${list.join("\n")}\n`)]]);
}

/** Paths below `modulesDir`, each after those it depends on; built-in drivers need none. */
function resolveModules(modulesDir: string, drivers: readonly string[]): string[] {
  const dependencies = new Map<string, { path: string; needs: string[] }>();
  for (const line of readFileSync(join(modulesDir, "modules.dep"), "utf8").split("\n")) {
    const [path, needs] = line.split(":");
    if (!path) continue;
    dependencies.set(moduleName(path), { path, needs: (needs ?? "").split(" ").filter((need) => need !== "") });
  }
  const order: string[] = [];
  const add = (name: string): void => {
    const module = dependencies.get(name);
    if (!module || order.includes(module.path)) return;
    for (const need of module.needs) add(moduleName(need));
    order.push(module.path);
  };
  for (const driver of drivers) add(driver);
  return order;
}

function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko.*$/, "")
    .replaceAll("-", "_");
}

/** The newest kernel of that flavour below a `lib/modules` folder. */
export function findKernel(modulesRoot: string): string | undefined {
  return readdirSync(modulesRoot)
    .filter((release) => release.endsWith("-cloud-amd64"))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
}

/** The "newc" format that Linux unpacks as its first root: `Documentation/driver-api/early-userspace/buffer-format.rst`. */
class CpioArchive {
  readonly #parts: Buffer[] = [];
  #inode = 1;

  folder(name: string): void {
    this.#add(name, Buffer.alloc(0), 0o040755);
  }

  file(name: string, content: Buffer, mode: number): void {
    this.#add(name, content, 0o100000 | mode);
  }

  link(name: string, target: string): void {
    this.#add(name, Buffer.from(target), 0o120777);
  }

  end(): Buffer {
    this.#add("TRAILER!!!", Buffer.alloc(0), 0);
    return Buffer.concat(this.#parts);
  }

  #add(name: string, content: Buffer, mode: number): void {
    const path = Buffer.from(`${name}\0`);
    // inode, mode, uid, gid, links, mtime, size, device (major, minor), special (major, minor), name's size, checksum
    const fields = [this.#inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
    this.#parts.push(padded(Buffer.concat([header, path])), padded(content));
  }
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}
