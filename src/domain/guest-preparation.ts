import { type Driver, type Guest, type GuestKernel, type GuestVolume, known } from "./guest.ts";
import { consoleCheck, controllerNames, type GuestHardware, interfaceNameChecks } from "./guest-checks.ts";
import { curesFor, diskDrivers, nicDrivers, startingKernels } from "./guest-drivers.ts";
import type { PlanCheck } from "./plan.ts";
import { describeChange, type IdentityChoice, type PreparationChange, type Rename } from "./preparation.ts";

export interface PreparationWish {
  readonly target: GuestHardware;
  readonly source: GuestHardware;
  /** Its boot is to be proven by what it says on a serial console. */
  readonly readsConsole: boolean;
  /** The boot disk is the VM's first one, which is called `a`. */
  readonly isFirstDisk: boolean;
  readonly nics: number;
  readonly identity?: IdentityChoice;
}

export interface GuestPreparation {
  readonly changes: readonly PreparationChange[];
  /** The guest as it will be: what the checks of a plan are about. */
  readonly guest: Guest;
  readonly checks: readonly PlanCheck[];
}

/** What has to be changed on a clone of the boot disk so that the guest starts at the target, as far as that can be done. */
export function planPreparation(guest: Guest, wish: PreparationWish): GuestPreparation {
  const { places } = guest;
  if (!places) return { changes: [], guest, checks: foreignSystem(guest, wish) };
  const steps = [addDrivers, nameDevices, nameInterfaces, openConsole, keepIdentity];
  const start: GuestPreparation = { changes: [], guest, checks: [] };
  const done = steps.reduce((before: GuestPreparation, step) => {
    const { changes, guest: after, checks } = step(before.guest, wish, places);
    return { changes: [...before.changes, ...changes], guest: after, checks: [...before.checks, ...checks] };
  }, start);
  if (done.changes.length === 0) return done;
  const what = done.changes.map(describeChange).join("; ");
  const row: PlanCheck = {
    check: "guest-preparation",
    result: "pass",
    detail: `The clone that it starts from is prepared, the certified point is not: ${what}`,
  };
  return { ...done, checks: [row, ...done.checks] };
}

type Places = NonNullable<Guest["places"]>;
type Step = (guest: Guest, wish: PreparationWish, places: Places) => GuestPreparation;

const nothing = (guest: Guest): GuestPreparation => ({ changes: [], guest, checks: [] });

/** File systems of other kinds are read at most. */
function canWrite({ volumes }: Guest, name: string): boolean {
  return volumes.some((volume) => volume.name === name && volume.content === "ext4");
}

const addDrivers: Step = (guest, { target, source }, { root, boot }) => {
  if (!canWrite(guest, boot)) return nothing(guest);
  const changes: PreparationChange[] = [];
  const enabled = new Map<string, Set<Driver>>();
  const kernels = startingKernels(guest).map((kernel) => {
    const disk =
      target.diskBus === source.diskBus ? [] : curesFor(kernel, { needs: diskDrivers[target.diskBus], early: true });
    const nic =
      target.nic === undefined || target.nic === source.nic
        ? []
        : curesFor(kernel, { needs: nicDrivers[target.nic], early: false });
    const cures = [...(disk ?? []), ...(nic ?? [])];
    const drivers = (how: string) => cures.filter((cure) => cure.how === how).map(({ driver }) => driver);
    const [added, switchedOn] = [drivers("add"), drivers("enable")];
    const { path } = kernel.initramfs.known ? kernel.initramfs.value : {};
    if (added.length > 0 && path !== undefined) {
      changes.push({
        change: "initramfs-drivers",
        volume: boot,
        path: path.replace(/^\/+/, ""),
        release: kernel.release,
        modulesVolume: root,
        drivers: added,
        reason: `Its initramfs has no driver for ${target.diskBus} disks, which it is given at the target`,
      });
    }
    if (kernel.menu !== undefined) {
      const list = enabled.get(kernel.menu) ?? new Set();
      enabled.set(kernel.menu, list);
      for (const driver of switchedOn) list.add(driver);
    }
    return withDrivers(kernel, added, switchedOn);
  });
  for (const [path, drivers] of enabled) {
    if (drivers.size === 0) continue;
    const enable = [...drivers];
    const reason = `Its kernel's command line switches ${enable.join(", ")} off, which the target's hardware needs`;
    changes.push({ change: "kernel-command-line", volume: boot, path, enable, reason });
  }
  return { changes, guest: withKernels(guest, kernels), checks: [] };
};

function withDrivers(kernel: GuestKernel, added: readonly Driver[], enabled: readonly Driver[]): GuestKernel {
  const without = (list: readonly string[]) => list.filter((name) => ![...added, ...enabled].includes(name as Driver));
  const { initramfs } = kernel;
  return {
    ...kernel,
    initramfs: initramfs.known
      ? known({ ...initramfs.value, drivers: [...initramfs.value.drivers, ...added] })
      : initramfs,
    disabledBuiltIn: without(kernel.disabledBuiltIn),
    disabledModules: without(kernel.disabledModules),
  };
}

function withKernels(guest: Guest, kernels: readonly GuestKernel[]): Guest {
  if (!guest.kernels.known) return guest;
  const changed = new Map(kernels.map((kernel) => [kernel.release, kernel]));
  return { ...guest, kernels: known(guest.kernels.value.map((kernel) => changed.get(kernel.release) ?? kernel)) };
}

/** Names that follow the controller, exchanged for the UUIDs of what is there. */
const nameDevices: Step = (guest, { target, source, isFirstDisk }, { root, boot }) => {
  if (!isFirstDisk || controllerNames[source.diskBus] === controllerNames[target.diskBus]) return nothing(guest);
  const changes: PreparationChange[] = [];
  const reason = "Disks are named by their controller there, and it is another one at the target";
  const uuidOf = (device: string) => volumeOf(guest.volumes, controllerNames[source.diskBus], device)?.uuid;
  let after = guest;
  const table = guest.namedDevices.known ? guest.namedDevices.value : [];
  const renames = table.flatMap(({ device }): Rename[] => {
    const uuid = uuidOf(device);
    return uuid === undefined ? [] : [{ from: device, to: `UUID=${uuid}` }];
  });
  if (renames.length > 0 && canWrite(guest, root)) {
    changes.push({ change: "device-names", volume: root, path: "etc/fstab", rename: renames, reason });
    after = {
      ...after,
      namedDevices: known(table.filter(({ device }) => !renames.some(({ from }) => from === device))),
    };
  }
  const menus = new Set<string>();
  const kernels = startingKernels(after).map((kernel) => {
    const device = kernel.commandLine.known
      ? /(?:^|\s)root=(\/dev\/\S+)/.exec(kernel.commandLine.value)?.[1]
      : undefined;
    const uuid = device === undefined ? undefined : uuidOf(device);
    // Without an initramfs nobody would look for the UUID.
    const finds = kernel.initramfs.known && kernel.initramfs.value.path !== undefined;
    if (device === undefined || uuid === undefined || !finds || kernel.menu === undefined || !canWrite(guest, boot)) {
      return kernel;
    }
    const rename = [{ from: device, to: `UUID=${uuid}` }];
    if (!menus.has(kernel.menu)) {
      changes.push({ change: "kernel-command-line", volume: boot, path: kernel.menu, rename, reason });
    }
    menus.add(kernel.menu);
    return withLine(kernel, (line) => line.replace(`root=${device}`, `root=UUID=${uuid}`));
  });
  return { changes, guest: withKernels(after, kernels), checks: [] };
};

function withLine(kernel: GuestKernel, change: (line: string) => string): GuestKernel {
  const { commandLine } = kernel;
  return commandLine.known ? { ...kernel, commandLine: known(change(commandLine.value)) } : kernel;
}

/** `/dev/vda2`, `/dev/nvme0n1p2`: of the first disk only, the others' volumes are not seen. */
function volumeOf(volumes: readonly GuestVolume[], names: string, device: string): GuestVolume | undefined {
  const pattern = names === "nvme" ? /^\/dev\/nvme0n1(?:p(\d+))?$/ : new RegExp(`^/dev/${names}a(\\d+)?$`);
  const match = pattern.exec(device);
  if (!match) return undefined;
  const name = match[1] === undefined ? "the whole disk" : `partition ${match[1]}`;
  return volumes.find((volume) => volume.name === name);
}

/** udev gives the one interface the name that the configuration knows (systemd.link). */
const nameInterfaces: Step = (guest, { target, source, nics }, { root }) => {
  const { network } = guest;
  if (!network.known || nics !== 1 || !network.value.takesLinkFiles || !canWrite(guest, root)) return nothing(guest);
  const [name, ...others] = network.value.interfaces;
  const matters = interfaceNameChecks(guest, target, source).length > 0;
  if (!matters || name === undefined || others.length > 0) return nothing(guest);
  const change: PreparationChange = {
    change: "write-file",
    volume: root,
    path: "etc/systemd/network/10-novacron.link",
    text: `[Match]\nType=ether\nPath=pci-* acpi-*\n\n[Link]\nName=${name}\n`,
    reason: `Its network configuration knows the interface as ${name}, and the target's would be called otherwise`,
  };
  return { changes: [change], guest: { ...guest, network: known({ ...network.value, interfaces: [] }) }, checks: [] };
};

const openConsole: Step = (guest, { readsConsole }, { boot }) => {
  const [kernel] = startingKernels(guest);
  if (!readsConsole || !kernel || consoleCheck(guest).length === 0) return nothing(guest);
  if (kernel.menu === undefined || !canWrite(guest, boot)) return nothing(guest);
  const add = ["console=tty0", "console=ttyS0"];
  const change: PreparationChange = {
    change: "kernel-command-line",
    volume: boot,
    path: kernel.menu,
    add,
    reason: "Its boot is proven by what it says on the serial console, and it says nothing there",
  };
  const spoken = withLine(kernel, (line) => `${line} ${add.join(" ")}`);
  return { changes: [change], guest: withKernels(guest, [spoken]), checks: [] };
};

const cloudSettings = `# The guest was moved, not made anew.
preserve_hostname: true
ssh_deletekeys: false
`;

const keepIdentity: Step = (guest, { identity: choice }, { root }) => {
  const { identity, cloudInit } = guest;
  if (choice === undefined || !identity) return nothing(guest);
  const unable = (detail: string, remedy: string): GuestPreparation => ({
    ...nothing(guest),
    checks: [{ check: "guest-identity", result: "warn", detail, remedy }],
  });
  if (!canWrite(guest, root)) return unable("Its root file system is of a kind that is not written here", byHand);
  if (choice === "keep") {
    if (!cloudInit.known || !cloudInit.value) return nothing(guest);
    if (!identity.takesCloudSettings) return unable("It has no folder for settings of cloud-init", byHand);
    const reason = "A second run of cloud-init would give it another name and other host keys";
    const path = "etc/cloud/cloud.cfg.d/99-novacron.cfg";
    return { ...nothing(guest), changes: [{ change: "write-file", volume: root, path, text: cloudSettings, reason }] };
  }
  const changes: PreparationChange[] = [];
  if (identity.hasMachineId) {
    const reason = "It is to be a machine of its own; systemd makes a new id at its start";
    changes.push({ change: "empty-file", volume: root, path: "etc/machine-id", reason });
    if (identity.hasBusId)
      changes.push({ change: "remove-file", volume: root, path: "var/lib/dbus/machine-id", reason });
  }
  if (identity.hostKeys.length > 0 && identity.makesHostKeys === undefined) {
    // cloud-init does it by itself where it is told of a new instance; elsewhere sshd would have none and not start.
    const why =
      cloudInit.known && cloudInit.value
        ? "only cloud-init would make new ones, which it does by itself where the target has a metadata service"
        : "nothing in it that is known here would make new ones";
    const kept = unable(`Its SSH host keys stay: ${why}`, byHand);
    return { ...kept, changes };
  }
  const reason = `It is to be a machine of its own; ${identity.makesHostKeys} makes new host keys at its start`;
  for (const path of identity.hostKeys) changes.push({ change: "remove-file", volume: root, path, reason });
  return { ...nothing(guest), changes };
};

const byHand = "Do it in the guest, or leave the choice about its identity out.";

/** What is not prepared here is said, with what it would need. */
function foreignSystem({ os }: Guest, { target, source }: PreparationWish): PlanCheck[] {
  if (!os.known || os.value.family !== "windows" || target.diskBus === source.diskBus) return [];
  return [
    {
      check: "guest-preparation",
      result: "warn",
      detail: `Windows is looked at and not changed here: it needs a driver for ${target.diskBus} disks that starts with it`,
      remedy:
        "Install the driver in the guest and let it start at boot, then move it; virt-v2v does that for KVM targets.",
    },
  ];
}
