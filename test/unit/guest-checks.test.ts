import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formerShapeTag } from "../../src/domain/former-shape.ts";
import { type Guest, type GuestKernel, known, unknown } from "../../src/domain/guest.ts";
import { consoleCheck, type GuestHardware, guestChecks } from "../../src/domain/guest-checks.ts";
import type { MigrationObservations } from "../../src/domain/migration-parts.ts";
import { planMigration } from "../../src/domain/migration-plan.ts";
import type { PlanCheck } from "../../src/domain/plan.ts";
import { cloud, gib, host, observed, sizeOf, vmAt } from "./support/observations.ts";

const kvm: GuestHardware = { diskBus: "virtio-blk", nic: "virtio-net", firmware: "bios" };
const aws: GuestHardware = { diskBus: "nvme", nic: "ena", firmware: "bios" };

function kernel(more: Partial<GuestKernel> = {}): GuestKernel {
  return {
    release: "6.1.0-1",
    path: "boot/vmlinuz-6.1.0-1",
    isDefault: true,
    commandLine: known("root=UUID=1 console=ttyS0"),
    initramfs: known({ path: "/boot/initrd", compression: ["gzip"], drivers: ["nvme", "virtio_blk"] }),
    builtIn: known(["virtio_pci"]),
    installed: known(["ena", "nvme"]),
    disabledBuiltIn: [],
    disabledModules: [],
    ...more,
  };
}

function guest(kernels: readonly GuestKernel[], more: Partial<Guest> = {}): Guest {
  return {
    partitionTable: known("mbr"),
    volumes: [],
    os: known({ family: "linux", id: "debian", name: "Debian" }),
    firmware: known(["bios"]),
    efiLoaders: known([]),
    kernels: known(kernels),
    namedDevices: known([]),
    network: known({ styles: ["ifupdown"], interfaces: [] }),
    cloudInit: known(false),
    guestAgent: known(false),
    notes: [],
    bytesRead: 0,
    ...more,
  };
}

function check(of: Guest, name: string, target = aws, source = kvm): PlanCheck | undefined {
  const found = guestChecks(of, target, source).find((row) => row.check === name);
  assert.equal(
    found?.result === "pass",
    found !== undefined && found.remedy === undefined,
    "a remedy unless it passed",
  );
  return found;
}

const without = known({ path: "/boot/initrd", compression: ["gzip"], drivers: ["virtio_blk"] });

describe("the driver of the target's disks", () => {
  test("is found in the initramfs, or inside the kernel", () => {
    assert.equal(check(guest([kernel()]), "guest-disk-driver")?.result, "pass");
    const built = kernel({ initramfs: without, builtIn: known(["nvme"]) });
    assert.equal(check(guest([built]), "guest-disk-driver")?.result, "pass");
  });

  test("is missing: the plan fails, and says how to put it in", () => {
    const row = check(guest([kernel({ initramfs: without })]), "guest-disk-driver");
    assert.equal(row?.result, "fail");
    assert.match(row.detail, /Kernel 6.1.0-1's initramfs has no nvme driver/);
    assert.match(row.remedy ?? "", /echo nvme >> .* update-initramfs .* Or choose a target whose disks are virtio-blk/);
    const fedora = guest([kernel({ initramfs: without })], { os: known({ family: "linux", id: "fedora", name: "F" }) });
    assert.match(check(fedora, "guest-disk-driver")?.remedy ?? "", /dracut .* --add-drivers nvme/);
    const gone = check(guest([kernel({ initramfs: without, installed: known([]) })]), "guest-disk-driver");
    assert.match(gone?.remedy ?? "", /Install a kernel/);
  });

  test("is there and switched off", () => {
    const blocked = kernel({ builtIn: known(["nvme"]), disabledBuiltIn: ["nvme"] });
    assert.match(check(guest([blocked]), "guest-disk-driver")?.detail ?? "", /switched off \(initcall_blacklist\)/);
    const listed = kernel({ disabledModules: ["nvme"] });
    assert.equal(check(guest([listed]), "guest-disk-driver")?.result, "fail");
    // A list of modules says nothing to what is inside of the kernel.
    const built = kernel({ builtIn: known(["nvme"]), disabledModules: ["nvme"] });
    assert.equal(check(guest([built]), "guest-disk-driver")?.result, "pass");
  });

  test("cannot be told: a warning with the reason", () => {
    for (const unread of [
      { initramfs: unknown("it is torn") },
      { initramfs: without, builtIn: unknown("it is torn") },
    ]) {
      const row = check(guest([kernel(unread)]), "guest-disk-driver");
      assert.equal(row?.result, "warn");
      assert.match(row.detail, /it is torn/);
    }
    const nothing = check(guest([], { kernels: unknown("partition 1: luks") }), "guest-disk-driver");
    assert.match(nothing?.detail ?? "", /Cannot tell .* partition 1: luks/);
  });

  test("is judged by the kernel that starts; by all where that is not known", () => {
    const [good, bad] = [kernel({ release: "good" }), kernel({ release: "bad", initramfs: without })];
    const of = (...kernels: GuestKernel[]) => check(guest(kernels), "guest-disk-driver")?.result;
    assert.equal(of(good, { ...bad, isDefault: false }), "pass");
    assert.equal(of(bad, { ...good, isDefault: false }), "fail");
    assert.equal(of({ ...bad, isDefault: false }, { ...good, isDefault: false }), "warn");
    assert.equal(of({ ...bad, isDefault: false }), "fail");
  });

  test("needs no proof where it stays the same", () => {
    assert.equal(check(guest([kernel({ initramfs: unknown("x") })]), "guest-disk-driver", kvm)?.result, "pass");
  });
});

describe("the driver of the target's network interface", () => {
  test("may be on the root file system only", () => {
    assert.equal(check(guest([kernel()]), "guest-network-driver")?.result, "pass");
    const row = check(guest([kernel({ installed: known([]) })]), "guest-network-driver");
    assert.equal(row?.result, "fail");
    assert.match(row.detail, /no ena driver/);
    const unread = check(guest([kernel({ installed: unknown("root is xfs") })]), "guest-network-driver");
    assert.equal(unread?.result, "warn");
  });

  test("is not asked for without an interface", () => {
    assert.equal(check(guest([kernel()]), "guest-network-driver", { ...aws, nic: undefined }), undefined);
  });
});

describe("the boot loader", () => {
  const uefi: GuestHardware = { ...aws, firmware: "uefi" };

  test("for another firmware is there, missing or unknown", () => {
    const both = guest([kernel()], { firmware: known(["bios", "uefi"]) });
    assert.equal(check(both, "guest-boot-loader", uefi)?.result, "pass");
    assert.equal(check(guest([kernel()]), "guest-boot-loader", uefi)?.result, "fail");
    const unread = guest([kernel()], { firmware: unknown("damaged") });
    assert.equal(check(unread, "guest-boot-loader", uefi)?.result, "warn");
  });

  test("of UEFI stays behind in the machine's memory unless it is in EFI/BOOT, too", () => {
    const at = (...paths: string[]) =>
      check(guest([kernel()], { efiLoaders: known(paths) }), "guest-boot-loader", uefi, { ...kvm, firmware: "uefi" });
    assert.equal(at("efi/debian/grubx64.efi")?.result, "warn");
    assert.equal(at("efi/debian/grubx64.efi", "efi/boot/bootx64.efi"), undefined);
  });
});

describe("names that change with the hardware", () => {
  test("a root or a mount by its device fails, swap warns", () => {
    const named = (device: string, mountPoint: string, required: boolean) =>
      guest([kernel()], { namedDevices: known([{ device, mountPoint, required }]) });
    assert.equal(check(named("/dev/vda2", "/srv", true), "guest-device-names")?.result, "fail");
    assert.equal(check(named("/dev/vda5", "swap", false), "guest-device-names")?.result, "warn");
    assert.equal(check(named("/dev/sdb1", "/usb", true), "guest-device-names"), undefined);
    const byRoot = guest([kernel({ commandLine: known("ro root=/dev/vda1 quiet") })]);
    assert.match(check(byRoot, "guest-device-names")?.detail ?? "", /\/dev\/vda1 for the kernel's root=/);
    assert.equal(check(byRoot, "guest-device-names", kvm), undefined);
  });

  test("an interface by its name warns, unless its name is kept", () => {
    const network = known({ styles: ["ifupdown"], interfaces: ["ens3"] });
    assert.equal(check(guest([kernel()], { network }), "guest-interface-names")?.result, "warn");
    const old = kernel({ commandLine: known("net.ifnames=0 console=ttyS0") });
    const eth0 = known({ styles: ["ifupdown"], interfaces: ["eth0"] });
    assert.equal(check(guest([old], { network: eth0 }), "guest-interface-names"), undefined);
    const cloud = known({ styles: ["netplan", "cloud-init"], interfaces: ["ens3"] });
    assert.equal(check(guest([kernel()], { network: cloud }), "guest-interface-names"), undefined);
  });
});

test("a kernel that does not speak on a serial console is warned of", () => {
  assert.deepEqual(consoleCheck(guest([kernel()])), []);
  assert.equal(consoleCheck(guest([kernel({ commandLine: known("quiet console=tty0") })]))[0]?.result, "warn");
  assert.deepEqual(consoleCheck(guest([kernel({ commandLine: unknown("none") })])), []);
});

describe("a plan into a cloud", () => {
  const rowsOf = (facts: MigrationObservations["guest"], over: Partial<MigrationObservations> = {}) =>
    planMigration(observed({ guest: facts, ...over })).checks.filter((row) => row.check.startsWith("guest-"));
  const results = (rows: readonly PlanCheck[]) => rows.map((row) => `${row.check} ${row.result}`);

  test("holds the guest to the hardware of the size that was chosen", () => {
    const fine = planMigration(observed({ guest: known(guest([kernel()])) }));
    assert.equal(fine.executable, true);
    assert.deepEqual(results(fine.checks.filter(({ check }) => check.startsWith("guest-"))), [
      "guest-system pass",
      "guest-disk-driver pass",
      "guest-network-driver pass",
    ]);
    const lacking = planMigration(observed({ guest: known(guest([kernel({ initramfs: without })])) }));
    assert.equal(lacking.executable, false);
    assert.match(lacking.checks.find(({ result }) => result === "fail")?.detail ?? "", /no nvme driver/);
  });

  test("takes a size whose hardware the guest can drive, though another one is cheaper", () => {
    const older = sizeOf("m6.virtio", 2, 8, { diskBus: "virtio-blk", nicModel: "virtio-net" });
    const target = { ...cloud, instanceTypes: [...(cloud.instanceTypes ?? []), older] };
    const installed = known(["virtio_net"] as const);
    const lacking = known(guest([kernel({ initramfs: without, installed })]));
    const create = planMigration(observed({ guest: lacking, target })).actions.find((a) => a.action === "create-vm");
    assert.deepEqual(create?.parameters.instanceTypes, ["m6.virtio"]);
  });

  test("warns of a guest that nobody could look into, except on its way back", () => {
    assert.deepEqual(results(rowsOf(unknown("no blocks without a snapshot"))), ["guest-system warn"]);
    const back = vmAt("mars", {
      disks: [{ diskId: "sda", volumeId: "v", sizeBytes: gib, bus: "nvme", boot: true }],
      tags: { [formerShapeTag]: "1/256 virtio-blk - 2/8192" },
    });
    const request = { vm: "web-1", from: "mars", to: "onprem-a" };
    const home = { request, vm: back, source: cloud, target: host };
    assert.deepEqual(results(rowsOf(unknown("no blocks without a snapshot"), home)), ["guest-system pass"]);
  });

  test("gives a VM that was born in a cloud a controller at home that its kernel has drivers for", () => {
    const born = vmAt("mars", {
      disks: [{ diskId: "sda", volumeId: "v", sizeBytes: gib, bus: "nvme", boot: true }],
      tags: {},
    });
    const initramfs = known({ path: "/boot/initrd", compression: [], drivers: ["nvme", "virtio_scsi", "sd_mod"] });
    const home = {
      request: { vm: "web-1", from: "mars", to: "onprem-a" },
      vm: born,
      source: cloud,
      target: host,
      guest: known(guest([kernel({ initramfs })])),
    };
    const plan = planMigration(observed(home));
    const create = plan.actions.find(({ action }) => action === "create-vm");
    assert.deepEqual(create?.parameters.disks, [{ diskId: "sda", bus: "virtio-scsi", boot: true }]);
    assert.equal(plan.checks.find((row) => row.check === "guest-disk-driver")?.result, "pass");
  });

  test("warns of a silent console where the boot is proven by it", () => {
    const silent = known(guest([kernel({ commandLine: known("quiet") })]));
    const verify = { bootProof: false, tcpProbes: [{ port: 22 }] };
    assert.ok(results(rowsOf(silent)).includes("guest-console warn"));
    const probed = { vm: "web-1", from: "onprem-a", to: "mars", verify };
    assert.ok(!results(rowsOf(silent, { request: probed })).includes("guest-console warn"));
  });
});
