import type { MigrationObservations } from "./migration-parts.ts";
import type { PlannedShape } from "./migration-shape.ts";
import type { PlanCheck } from "./plan.ts";
import { type NeededRoom, roomCheck, storageHeadroom } from "./room-check.ts";
import { tagKeys } from "./vm.ts";

/** Everything that could make a cold migration fail, looked at before it starts; each with its remedy. */
export function runChecks(seen: MigrationObservations, shape: PlannedShape, room: NeededRoom): PlanCheck[] {
  const { request, vm, target } = seen;
  const size = shape.offerings[0]?.type ?? shape;
  const gib = (bytes: number) => bytes / 2 ** 30;
  const more: Readonly<Record<string, number>> = {
    max_vms: 1,
    max_cpus: size.cpus,
    max_memory: gib(size.memoryBytes),
    max_disk: gib(seen.disks.reduce((sum, disk) => sum + disk.targetSizeBytes, 0)),
  };
  const checks: PlanCheck[] = [];
  const say = (check: string, ok: boolean | "warn", detail: string, remedy?: string): void => {
    checks.push(
      ok === true
        ? { check, result: "pass", detail }
        : { check, result: ok === "warn" ? "warn" : "fail", detail, remedy },
    );
  };
  const fencedBy = vm.tags[tagKeys.fencedBy];
  say(
    "source-not-fenced",
    fencedBy === undefined,
    fencedBy ? `${vm.name} was moved away by migration ${fencedBy}` : `${vm.name} is not held by another migration`,
    "Migrate its successor, or finalize or roll back that migration first.",
  );
  say(
    "source-state",
    vm.state === "running" || vm.state === "stopped",
    `${vm.name} is ${vm.state}`,
    "Bring the VM to running or stopped.",
  );
  say(
    "source-disks",
    seen.disks.length > 0,
    `${seen.disks.length} disk(s) can be read`,
    "Attach a disk that can be read.",
  );
  const gap = request.point === "freeze" ? "disks.source-frozen" : "disks.source-stopped";
  const sourceGap = seen.source.capabilityGaps[gap];
  say(
    "source-capability",
    sourceGap === undefined,
    sourceGap ?? `${request.from} can give a point of its disks`,
    "Choose the other --point.",
  );
  if (request.point === "freeze" && vm.state !== "running") {
    say("freeze-needs-running", false, `${vm.name} is ${vm.state}`, "Use --point stop for a VM that is off.");
  }
  for (const name of ["compute.create", "disks.replica"]) {
    const reason = target.capabilityGaps[name];
    say(
      `target-${name}`,
      reason === undefined,
      reason ?? `${request.to} can do ${name}`,
      "Choose another target site.",
    );
  }
  if (target.freeBytes === undefined) {
    say("target-free-space", true, `${request.to} has no fixed storage bound`);
  } else {
    const [mostBytes, expectedBytes] = [room.mostBytes, room.expectedBytes].map((bytes) =>
      Math.ceil(bytes * storageHeadroom),
    ) as [number, number];
    const remedy = "Free space in the target's storage path, or choose another target.";
    const there = { freeBytes: target.freeBytes, site: request.to, remedy };
    checks.push(roomCheck("target-free-space", { mostBytes, expectedBytes }, there));
  }
  for (const ceiling of target.ceilings) {
    const used = ceiling.used + (more[ceiling.name] ?? 0);
    say(
      `ceiling-${ceiling.name}`,
      used <= ceiling.limit,
      `${ceiling.name}: ${Math.ceil(used * 100) / 100} of ${ceiling.limit} ${ceiling.unit} at ${request.to} after this move`,
      `Raise quotas.${ceiling.name} of ${request.to} in the configuration, or remove VMs there.`,
    );
  }
  say(
    "target-name",
    target.vmNames.includes(vm.name) ? "warn" : true,
    target.vmNames.includes(vm.name)
      ? `${request.to} already has a VM shown as ${vm.name}; the new one gets its own id`
      : `No VM at ${request.to} is called ${vm.name}`,
    "Nothing has to be done; finalize the earlier move to remove the predecessor.",
  );
  const startsAtOnce = target.capabilityGaps["compute.create-stopped"];
  if (startsAtOnce !== undefined && vm.state !== "running") {
    say(
      "starts-when-created",
      "warn",
      startsAtOnce,
      "Nothing has to be done; it is turned off as soon as it is there.",
    );
  }
  const staysOff = target.capabilityGaps["compute.start"];
  if (staysOff !== undefined) {
    const stops = vm.state === "running" && request.point !== "freeze";
    const detail = stops ? `${staysOff}; ${vm.name} runs now and is stopped by this move` : staysOff;
    say("target-compute.start", stops ? "warn" : true, detail, "Use --point freeze to copy it while it runs on.");
  } else if (target.capabilityGaps["compute.console-output"] !== undefined) {
    say("boot-proof", "warn", target.capabilityGaps["compute.console-output"], "Add a TCP or HTTP probe.");
  }
  return checks;
}
