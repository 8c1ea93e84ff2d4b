import { type Fact, type Guest, type GuestOs, type GuestPlaces, known, unknown } from "../../domain/guest.ts";
import type { Firmware } from "../../domain/vm.ts";
import type { BlockSource } from "../ports.ts";
import { attempt, DiskBytes, Unreadable } from "./disk-bytes.ts";
import type { FileSystem } from "./file-tree.ts";
import { type BootPlace, readKernels } from "./kernels.ts";
import {
  hasGuestAgent,
  type Mount,
  namedDevices,
  readFstab,
  readIdentity,
  readNetwork,
  readOs,
  usesCloudInit,
} from "./linux-settings.ts";
import { readPartitions, startsFromBios } from "./partitions.ts";
import { printable } from "./text.ts";
import { type OpenVolume, openVolumes } from "./volumes.ts";

export interface InspectOptions {
  readonly signal?: AbortSignal;
  /** Whether to look for the drivers in kernels' initramfs, the part that costs. Default true. */
  readonly drivers?: boolean;
  /** Bytes to read at most. Default 512 MiB: a few of the largest initramfs. */
  readonly maxReadBytes?: number;
  /** How long it may take. Default 20 s. */
  readonly maxMs?: number;
}

/**
 * Reads from a guest's boot disk what system is on it and what it can drive. Nothing is changed, nothing of the guest
 * runs, and what the disk holds is not trusted: a damaged or hostile image costs bounded time, bytes and memory, and
 * facts that cannot be told come as unknown with the reason. The disk may be torn, as a peek at a running guest is.
 *
 * @throws ProviderError as the source does, the signal's reason when it is aborted; nothing else.
 */
export async function inspectGuest(source: BlockSource, options: InspectOptions = {}): Promise<Guest> {
  const { signal, drivers = true, maxReadBytes = 512 * 1024 * 1024, maxMs = 20_000 } = options;
  const disk = new DiskBytes(source, { readBytes: maxReadBytes, deadlineMs: performance.now() + maxMs }, signal);
  const looked = await attempt(() => lookAt(disk, drivers));
  const facts = looked.known ? looked.value : nothingKnown(looked.reason);
  return { ...facts, bytesRead: disk.bytesRead };
}

type Facts = Omit<Guest, "bytesRead">;

async function lookAt(disk: DiskBytes, drivers: boolean): Promise<Facts> {
  const scan = await readPartitions(disk);
  const volumes = await openVolumes(disk, scan);
  const root = await findRoot(volumes);
  const reason = root ? "" : whyNoRoot(volumes);
  const ofRoot = <T>(read: (files: FileSystem) => Promise<T>): Promise<Fact<T>> =>
    root?.files ? attempt(() => read(root.files as FileSystem)) : Promise.resolve(unknown(reason));
  const mounts = await ofRoot(readFstab);
  const boot = await attempt(() => findBoot(volumes, root, mounts.known ? mounts.value : [], reason));
  const efiLoaders = await attempt(() => readEfiLoaders(volumes));
  const places = boot.known && root ? placesOf(volumes, root, boot.value) : undefined;
  const identity = await ofRoot(readIdentity);
  return {
    partitionTable: known(scan.table),
    volumes: volumes.map(({ volume }) => volume),
    os: windowsOf(volumes, efiLoaders) ?? (await ofRoot(readOs)),
    firmware: await attempt(() => findFirmware(disk, scan.partitions, efiLoaders)),
    efiLoaders,
    kernels: boot.known
      ? await attempt(() => readKernels(boot.value, { root: root?.files, rootReason: reason, drivers }))
      : boot,
    namedDevices: mounts.known ? known(namedDevices(mounts.value)) : mounts,
    network: await ofRoot(readNetwork),
    cloudInit: await ofRoot(usesCloudInit),
    guestAgent: await ofRoot(hasGuestAgent),
    ...(places ? { places } : {}),
    ...(identity.known ? { identity: identity.value } : {}),
    notes: [...scan.notes, ...volumes.filter(({ inUse }) => inUse).map(({ volume }) => `${volume.name} was in use`)],
  };
}

function nothingKnown(reason: string): Facts {
  const fact = unknown(reason);
  return {
    partitionTable: fact,
    volumes: [],
    os: fact,
    firmware: fact,
    efiLoaders: fact,
    kernels: fact,
    namedDevices: fact,
    network: fact,
    cloudInit: fact,
    guestAgent: fact,
    notes: [],
  };
}

async function findRoot(volumes: readonly OpenVolume[]): Promise<OpenVolume | undefined> {
  for (const volume of volumes) {
    for (const path of ["etc/os-release", "usr/lib/os-release", "etc/fstab"]) {
      const found = await attempt(async () => volume.files?.exists(path));
      if (found.known && found.value) return volume;
    }
  }
  return undefined;
}

function whyNoRoot(volumes: readonly OpenVolume[]): string {
  const unread = volumes.filter(({ reason }) => reason !== undefined);
  if (unread.length === 0) return "no root file system is on this disk";
  return `no root file system that can be read (${unread.map(({ volume, reason }) => `${volume.name}: ${reason}`).join("; ")})`;
}

/** The file system that fstab mounts as `/boot`, one that looks like it, or the root's own folder. */
async function findBoot(
  volumes: readonly OpenVolume[],
  root: OpenVolume | undefined,
  mounts: readonly Mount[],
  reason: string,
): Promise<BootPlace> {
  const mounted = mounts.find(({ mountPoint }) => mountPoint === "/boot")?.device;
  if (mounted !== undefined) {
    const own = volumes.find(({ volume }) => isNamed(mounted, volume));
    if (own?.files) return { files: own.files, folder: "" };
    if (own) throw new Unreadable(`/boot cannot be read (${own.volume.name}: ${own.reason})`);
  }
  const candidates: BootPlace[] = volumes.flatMap(({ files, isEsp }) =>
    files && !isEsp ? [{ files, folder: "" }] : [],
  );
  if (root?.files) candidates.unshift({ files: root.files, folder: "boot" });
  for (const place of candidates) {
    if ((await place.files.names(place.folder)).some((name) => /^(?:vmlinu[xz]|bzImage|kernel-)/.test(name)))
      return place;
  }
  throw new Unreadable(root ? "no kernel is on the file systems that can be read" : reason);
}

function placesOf(volumes: readonly OpenVolume[], root: OpenVolume, { files }: BootPlace): GuestPlaces {
  const boot = volumes.find((volume) => volume.files === files) ?? root;
  return { root: root.volume.name, boot: boot.volume.name };
}

function isNamed(device: string, { uuid, label, name }: OpenVolume["volume"]): boolean {
  const [kind, value = ""] = device.split("=");
  if (kind === "UUID") return value.toLowerCase() === uuid?.toLowerCase();
  if (kind === "LABEL") return value === label;
  const partition = /^\/dev\/(?:[a-z]+|nvme\d+n\d+p)(\d+)$/.exec(device)?.[1];
  return partition !== undefined && name === `partition ${partition}`;
}

async function readEfiLoaders(volumes: readonly OpenVolume[]): Promise<string[]> {
  const loaders: string[] = [];
  for (const { volume, isEsp, files, reason } of volumes) {
    if (!isEsp) continue;
    if (!files) throw new Unreadable(`its EFI system partition (${volume.name}): ${reason}`);
    for (const vendor of (await files.names("efi")).slice(0, 50)) {
      const names = (await files.names(`efi/${vendor}`)).filter((name) => name.endsWith(".efi"));
      loaders.push(...names.map((name) => printable(`efi/${vendor}/${name}`)));
    }
  }
  return loaders;
}

async function findFirmware(
  disk: DiskBytes,
  partitions: Parameters<typeof startsFromBios>[1],
  efiLoaders: Fact<readonly string[]>,
): Promise<Firmware[]> {
  if (!efiLoaders.known) throw new Unreadable(efiLoaders.reason);
  const bios: readonly Firmware[] = (await startsFromBios(disk, partitions)) ? ["bios"] : [];
  const uefi: readonly Firmware[] = efiLoaders.value.length > 0 ? ["uefi"] : [];
  return [...bios, ...uefi];
}

/** NTFS is not read here; Windows' own loader on the EFI partition, or nothing but NTFS to start from, tells enough. */
function windowsOf(volumes: readonly OpenVolume[], efiLoaders: Fact<readonly string[]>): Fact<GuestOs> | undefined {
  const kinds = volumes.map(({ volume }) => volume.content).filter((kind) => kind !== undefined);
  const loads = efiLoaders.known && efiLoaders.value.some((path) => path.startsWith("efi/microsoft/"));
  const isWindows = kinds.includes("ntfs") && (loads || kinds.every((kind) => kind === "ntfs"));
  return isWindows ? known({ family: "windows", name: "Windows" }) : undefined;
}
