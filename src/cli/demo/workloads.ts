import { sandboxCall } from "./sandbox-admin.ts";
import * as steps from "./steps.ts";

/** What is moved, and how it is told that it works afterwards. */
export interface Workload {
  /** Makes the VM and returns its id. */
  create(site: string): Promise<string>;
  /** What it is like before a move, in words, and how to tell whether it is so (and goes on) afterwards. */
  before(vm: steps.Vm): Promise<{ readonly words: string; intactAt(vm: steps.Vm): Promise<boolean> }>;
  /** What its owner does with it between the moves. */
  between(vm: steps.Vm): Promise<void>;
  readonly httpProbes: readonly { readonly port: number; readonly path: string }[];
}

const MiB = 2 ** 20;

/** A guest whose application appends to a hash-chained journal and serves it over HTTP. */
export function guestWorkload(socket: string, name: string): Workload {
  return {
    async create(site) {
      return (await sandboxCall<{ vmId: string }>(socket, "POST", "/guests", { site, name })).vmId;
    },
    async before(vm) {
      const entries = await steps.readGuestJournal(steps.addressOf(vm));
      return {
        words: `journal at line ${entries.length}`,
        intactAt: (moved) => steps.applicationIntact(entries, steps.addressOf(moved)),
      };
    },
    // It goes on by itself.
    between: async () => {},
    httpProbes: [{ port: 8080, path: "/cgi-bin/state" }],
  };
}

/** Disks with data and nobody to boot from them: the sandbox writes to them as an application would, and reads them. */
export function dataWorkload(socket: string, name: string): Workload {
  const disks = [
    { sizeBytes: 256 * MiB, dataBytes: 96 * MiB },
    { sizeBytes: 64 * MiB + 512, dataBytes: 12 * MiB },
  ];
  const digests = async (vm: steps.Vm): Promise<readonly string[]> => {
    const path = `/digests/${vm.site}/${vm.vm_id}`;
    return (await sandboxCall<{ digests: string[] }>(socket, "GET", path)).digests;
  };
  return {
    async create(site) {
      return (await sandboxCall<{ vmId: string }>(socket, "POST", "/data-vms", { site, name, disks })).vmId;
    },
    async before(vm) {
      const was = await digests(vm);
      const words = `${was.length} disks, sha256 ${was.map((digest) => digest.slice(0, 12)).join(", ")}`;
      return { words, intactAt: async (moved) => same(was, await digests(moved)) };
    },
    async between(vm) {
      const writes = disks.flatMap(({ sizeBytes }, disk) =>
        [0.1, 0.5, 0.9].map((share) => ({
          disk,
          offset: Math.floor((sizeBytes * share) / 4096) * 4096,
          length: 65_536,
        })),
      );
      await sandboxCall(socket, "POST", "/writes", { site: vm.site, vmId: vm.vm_id, writes });
    },
    httpProbes: [],
  };
}

/** Why this sandbox can run no guests; undefined where it can. */
export async function whyNoGuests(socket: string): Promise<string | undefined> {
  const { guests } = await sandboxCall<{ guests: { possible: boolean; reason?: string } }>(socket, "GET", "/sites");
  return guests.possible ? undefined : (guests.reason ?? "No guests can run here.");
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((digest, index) => digest === right[index]);
}
