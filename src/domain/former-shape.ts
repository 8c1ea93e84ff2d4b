import type { DiskBus, Vm } from "./vm.ts";

/**
 * What a VM was like before it went to a site that has sizes, disk controllers and MACs of its own. It travels along in one tag,
 * so that on its way back it becomes what it was.
 */
export interface FormerShape {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** In the order of the VM's disks. */
  readonly buses: readonly DiskBus[];
  /** In the order of its NICs. */
  readonly macs: readonly (string | undefined)[];
  /** What the site made of the size. A VM that has another one was resized there, and keeps that. */
  readonly became: { readonly cpus: number; readonly memoryBytes: number };
}

export const formerShapeTag = "novacron:former-shape";

const mib = 2 ** 20;
const none = "none";
const macPattern = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
const buses: ReadonlySet<string> = new Set<DiskBus>(["virtio-blk", "virtio-scsi", "nvme", "ide", "sata"]);

/** `1/256 virtio-blk/virtio-blk 52:54:00:12:34:56 2/8192`: CPUs and MiB, buses, MACs (`-` for one that is not known,
 *  `none` for no NIC at all), what it became. Only
 *  characters that most clouds take. */
export function writeFormerShape(shape: FormerShape): string {
  const size = ({ cpus, memoryBytes }: { cpus: number; memoryBytes: number }) => `${cpus}/${memoryBytes / mib}`;
  const list = (items: readonly (string | undefined)[]) => items.map((item) => item ?? "-").join("/") || none;
  return [size(shape), list(shape.buses), list(shape.macs), size(shape.became)].join(" ");
}

/** Undefined for a VM that never went to such a site, or whose tag somebody changed. */
export function readFormerShape(vm: Vm): FormerShape | undefined {
  const [before, busList, macList, after, ...rest] = vm.tags[formerShapeTag]?.split(" ") ?? [];
  const [size, became] = [readSize(before), readSize(after)];
  if (!size || !became || busList === undefined || macList === undefined || rest.length > 0) return undefined;
  const known = busList.split("/").filter((bus): bus is DiskBus => buses.has(bus));
  const macs = macList === none ? [] : macList.split("/").map((mac) => (macPattern.test(mac) ? mac : undefined));
  return { ...size, buses: known, macs, became };
}

function readSize(text: string | undefined): { cpus: number; memoryBytes: number } | undefined {
  const [, cpus, memory] = /^(\d{1,5})\/(\d+(?:\.\d+)?)$/.exec(text ?? "") ?? [];
  return cpus === undefined ? undefined : { cpus: Number(cpus), memoryBytes: Number(memory) * mib };
}
