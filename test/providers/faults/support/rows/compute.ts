import { cloneOf, makeVm, vmSpec } from "../make.ts";
import { type Prepared, type Row } from "../table.ts";

/** With the suite's VM, running or stopped. */
function withVm(state: "running" | "stopped", call: (vmId: string) => Prepared["call"]): Row["prepare"] {
  return async (site) => ({ call: call(await site.vmIn(state)) });
}

export const computeRows: readonly Row[] = [
  {
    call: "compute.listInstanceTypes",
    at: "ec2:DescribeInstanceTypes",
    prepare: async () => ({
      call: ({ compute }, signal) => Array.fromAsync(compute.listInstanceTypes?.(signal) ?? []),
    }),
  },
  {
    call: "compute.listVms",
    at: "ec2:DescribeInstances",
    prepare: async () => ({ call: ({ compute }, signal) => Array.fromAsync(compute.listVms(signal)) }),
  },
  {
    call: "compute.getVm",
    at: "ec2:DescribeInstances",
    prepare: withVm(
      "running",
      (vmId) =>
        ({ compute }, signal) =>
          compute.getVm(vmId, signal),
    ),
  },
  {
    call: "network.firewallOf",
    at: "ec2:DescribeSecurityGroupRules",
    prepare: withVm(
      "running",
      (vmId) =>
        ({ network }, signal) =>
          network.firewallOf?.(vmId, signal) ?? Promise.resolve(undefined),
    ),
  },
  {
    call: "compute.createVm",
    at: "ec2:RunInstances",
    // Its image may be too new to be known everywhere.
    passing: { "not-found": "ok" },
    async prepare(site) {
      const volumeId = await cloneOf(site);
      const key = site.key("vm");
      const { compute, disks } = site.provider;
      return {
        call: (provider, signal) => provider.compute.createVm(vmSpec(site, [volumeId]), key, signal),
        async undo() {
          const { vmId } = await compute.createVm(vmSpec(site, [volumeId]), key, site.signal());
          await compute.deleteVm(vmId, site.signal());
          await disks.deleteVolume(volumeId, site.signal());
        },
      };
    },
  },
  {
    call: "compute.startVm",
    at: "ec2:StartInstances",
    prepare: withVm(
      "stopped",
      (vmId) =>
        ({ compute }, signal) =>
          compute.startVm(vmId, signal),
    ),
  },
  {
    call: "compute.stopVm",
    at: "ec2:StopInstances",
    prepare: withVm(
      "running",
      (vmId) =>
        ({ compute }, signal) =>
          compute.stopVm(vmId, { graceMs: 0 }, signal),
    ),
  },
  {
    call: "compute.resizeVm",
    at: "ec2:ModifyInstanceAttribute",
    async prepare(site) {
      const vmId = await site.vmIn("stopped");
      const { compute } = site.provider;
      const { cpus, memoryBytes, instanceType, firmware, architecture } = await compute.getVm(vmId, site.signal());
      const types = compute.listInstanceTypes && (await Array.fromAsync(compute.listInstanceTypes(site.signal())));
      const other = types?.find(
        (type) =>
          type.name !== instanceType &&
          type.architecture === architecture &&
          type.firmwares.includes(firmware) &&
          !type.bareMetal,
      );
      if (!other) throw new Error("there is no other size");
      const size = { cpus: other.cpus, memoryBytes: other.memoryBytes, instanceType: other.name };
      return {
        call: async (provider, signal) => provider.compute.resizeVm?.(vmId, size, signal),
        async undo() {
          await compute.resizeVm?.(vmId, { cpus, memoryBytes, ...(instanceType && { instanceType }) }, site.signal());
        },
      };
    },
  },
  {
    call: "compute.deleteVm",
    at: "ec2:TerminateInstances",
    // Not "not found": whoever takes that for "deleted" would leave a running instance behind.
    lasting: { "not-found": "Unavailable" },
    passing: { "not-found": "ok" },
    async prepare(site) {
      const { vmId, volumeId } = await makeVm(site);
      return {
        call: ({ compute }, signal) => compute.deleteVm(vmId, signal),
        undo: () => site.provider.disks.deleteVolume(volumeId, site.signal()),
      };
    },
  },
  {
    call: "compute.setTags",
    at: "ec2:CreateTags",
    async prepare(site) {
      const vmId = await site.vmIn("running");
      return {
        call: ({ compute }, signal) => compute.setTags(vmId, { a: "1" }, signal),
        undo: () => site.provider.compute.setTags(vmId, { a: undefined }, site.signal()),
      };
    },
  },
  {
    call: "compute.consoleOutput",
    at: "ec2:GetConsoleOutput",
    prepare: withVm(
      "running",
      (vmId) =>
        ({ compute }, signal) =>
          compute.consoleOutput(vmId, 1_000, signal),
    ),
  },
];
