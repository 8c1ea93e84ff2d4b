import { CheckList } from "./check-list.ts";
import { mib } from "./format.ts";
import type { LiveParameters } from "./live.ts";
import type { MoveMode } from "./migration.ts";
import { lineageOf } from "./migration-copies.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import { predictLive } from "./migration-times.ts";
import { hoursOf, secondsAtLimits } from "./move-hours.ts";
import type { PlanAction, PlanCheck, PlanChoice, PlanEstimates } from "./plan.ts";
import type { MigrationSchedule } from "./schedule.ts";

/** How long the hypervisor may let the guest stand still for the last of its memory; switching itself comes on top. */
const pauseMs = 100;
/** What a caller may see of the whole switch. */
const longestGapSeconds = 0.3;

/** Whether, by what the sites can do, a running guest goes from one to the other with its memory: undefined, else why not. */
export function liveGap({
  request,
  source,
  target,
  defaults,
}: Pick<MigrationObservations, "request" | "source" | "target" | "defaults">): string | undefined {
  const name = "compute.live-migration";
  if (defaults.live === false) return "migration_config.enable_live_migration is off";
  const [from, to] = [source.capabilityGaps[name], target.capabilityGaps[name]];
  if (from !== undefined) return `${request.from} gives no running guest away: ${from}`;
  if (to !== undefined) return `${request.to} takes no running guest in: ${to}`;
  if (source.kind !== target.kind)
    return "the two sites are of different kinds, and only like hypervisors exchange memory";
  return undefined;
}

const withTraffic = "its traffic is shifted with the cutover";
const withoutTraffic = "nothing shifts its traffic, so nobody answers while it is off";

/** How the VM will move, and why that, where something else was asked for. */
export function chooseMode(seen: MigrationObservations): { mode: MoveMode; choices: readonly PlanChoice[] } {
  const asked = seen.request.mode ?? "cold";
  if (asked !== "live") return { mode: asked, choices: [] };
  const what = "way of moving";
  const gap = liveGap(seen);
  if (gap === undefined) {
    const why = "live was asked for, and both sites are hosts whose hypervisors hand running guests to each other";
    return { mode: "live", choices: [{ what, chosen: "live", why }] };
  }
  const why = `live was asked for, and is warm because ${gap}; ${seen.request.traffic ? withTraffic : withoutTraffic}`;
  return { mode: "warm", choices: [{ what, chosen: "warm", why }] };
}

interface PlannedLive {
  readonly actions: readonly PlanAction[];
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
  readonly diskBytes: number;
  readonly estimates: Pick<
    PlanEstimates,
    "bytesToMove" | "bytesNominal" | "seconds" | "downtimeSeconds" | "basis" | "moves"
  >;
}

/** A move of the running guest, with what is carried to the target beside its bytes. */
export function planLive(
  seen: MigrationObservations,
  carried: Pick<LiveParameters, "tags"> & {
    readonly networkIds: readonly (string | undefined)[];
    readonly schedule: MigrationSchedule;
  },
): PlannedLive {
  const { request, vm, disks, defaults } = seen;
  const bandwidth = request.bandwidthBytesPerSecond ?? defaults.bandwidthBytesPerSecond;
  const parameters: LiveParameters = {
    name: vm.name,
    networkIds: carried.networkIds.flatMap((networkId) => networkId ?? []),
    publishPorts: vm.publishPorts,
    tags: carried.tags,
    pauseMs,
    disks: disks.map(({ diskId, sizeBytes, allocatedBytes }) => {
      return { diskId, sizeBytes, allocatedBytes, replicaId: `${lineageOf(vm)}-${diskId}` };
    }),
    ...(bandwidth === undefined ? {} : { bandwidthBytesPerSecond: bandwidth }),
    ...(carried.schedule.bandwidthHours ? { hours: hoursOf(carried.schedule) } : {}),
  };
  const begins = Date.parse(carried.schedule.startAt ?? seen.at ?? new Date(0).toISOString());
  const diskBytes = disks.reduce((sum, disk) => sum + disk.allocatedBytes, 0);
  const bytesToMove = diskBytes + vm.memoryBytes;
  return {
    actions: [
      {
        action: "move-live",
        resource: { site: request.from, kind: "vm", id: vm.vmId },
        detail: `Move ${vm.name} while it runs: its disks to ${request.to} (${mib(diskBytes)} MiB), then its memory, and switch`,
        parameters: { ...parameters },
      },
    ],
    choices: [
      {
        what: "when its memory changes faster than it is moved",
        chosen: "the guest is slowed down, step by step (auto-converge)",
        why: "after a switch before its memory is there (post-copy) either host's failure would lose the guest",
      },
      {
        what: "what the guest writes meanwhile",
        chosen: "goes to both disks before it is acknowledged",
        why: "the disks get alike however much it writes",
      },
      {
        what: "proof of its disks",
        chosen: "compared after the switch, but for what it writes from then on",
        why: "it never stands still long enough to read them; its memory is not compared at all",
      },
    ],
    diskBytes,
    checks: liveChecks(seen, bandwidth, carried.networkIds),
    estimates: {
      bytesToMove,
      bytesNominal: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0) + vm.memoryBytes,
      ...predictLive(seen.history, {
        bytesToMove,
        secondsAtLimits: (bytes) => secondsAtLimits(carried.schedule, bandwidth, bytes, begins),
      }),
      downtimeSeconds: longestGapSeconds,
    },
  };
}

/** What a live move needs beside what every move needs. */
function liveChecks(
  { request, vm, live, target }: MigrationObservations,
  bandwidth: number | undefined,
  networkIds: readonly (string | undefined)[],
): PlanCheck[] {
  const list = new CheckList();
  list.say(
    "live-needs-running",
    vm.state === "running" ? undefined : `${vm.name} is ${vm.state}`,
    `${vm.name} runs, and goes on running`,
    "Leave out --mode live: a VM that is off moves cold without any downtime.",
  );
  list.say(
    "live-point",
    request.point === "freeze" ? "a copy of a frozen moment has no memory to move" : undefined,
    "the target takes over",
    "Leave out --point freeze.",
  );
  const resized = request.cpus ?? request.memoryBytes ?? request.instanceType;
  list.say(
    "live-size",
    resized === undefined ? undefined : "a running guest keeps its CPUs and its memory",
    "it keeps its size",
    "Resize it before or afterwards.",
  );
  if (!live) return list.checks;
  const { guest } = live;
  for (const { what, why, remedy } of guest.obstacles) list.say(`live-${what}`, why, "", remedy);
  if (guest.obstacles.length === 0) list.say("live-devices", undefined, "nothing of it is bound to its host", "");
  list.checks.push(...live.checks);
  const kinds = networkIds.map((id) => target.networks.find(({ networkId }) => networkId === id)?.kind);
  const other = guest.networkKinds.findIndex((kind, index) => kinds[index] !== undefined && kinds[index] !== kind);
  list.say(
    "live-network",
    other < 0
      ? undefined
      : `Interface ${other} is in a network of the kind ${guest.networkKinds[other]}, and its target of the kind ${kinds[other]}`,
    "Its interfaces stay in networks of the same kinds",
    "Map it to a network of the same kind with --network, or move it warm.",
  );
  const rewrites = guest.dirtyBytesPerSecond;
  const rate = rewrites === undefined ? "" : `${mib(rewrites)} MiB/s of its memory are rewritten, as measured now`;
  if (rewrites !== undefined) {
    list.say(
      "live-converges",
      bandwidth !== undefined && rewrites >= bandwidth
        ? `${rate}, and no more than ${mib(bandwidth)} MiB/s may be moved: the guest will be slowed down to be caught up with`
        : undefined,
      rate,
      "Allow more bandwidth, or move it when it has less to do.",
      true,
    );
  }
  return list.checks;
}
