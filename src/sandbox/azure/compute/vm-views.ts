import type { Kinds } from "../arm/kinds.ts";
import type { ArmAnswer, Route } from "../arm/request.ts";
import type { Grants } from "../disks/grants.ts";
import { AzureError, invalidParameter } from "../errors.ts";
import type { Json, Vm } from "../state.ts";
import { vmType } from "./offers.ts";
import type { VmGuests } from "./vm-guests.ts";
import type { VmParts } from "./vm-parts.ts";

const displayed: Readonly<Record<Vm["facts"]["power"], string>> = {
  starting: "VM starting",
  running: "VM running",
  stopping: "VM stopping",
  stopped: "VM stopped",
  deallocating: "VM deallocating",
  deallocated: "VM deallocated",
};

/** https://learn.microsoft.com/azure/virtual-machines/states-billing */
export function instanceView({ guests }: Pick<VmParts, "guests">, vm: Vm): Json {
  const { power } = vm.facts;
  const time = new Date(vm.createdAt).toISOString();
  const provisioning = vm.provisioningState;
  const status = (code: string, displayStatus: string) => ({ code, level: "Info", displayStatus });
  const disks = guests.disksOf(vm);
  return {
    hyperVGeneration: disks[0]?.properties.hyperVGeneration ?? "V1",
    disks: disks.map(({ name }) => ({
      name,
      statuses: [{ ...status("ProvisioningState/succeeded", "Provisioning succeeded"), time }],
    })),
    ...(isDiagnosed(vm) ? { bootDiagnostics: {} } : {}),
    statuses: [
      {
        ...status(`ProvisioningState/${provisioning.toLowerCase()}`, `Provisioning ${provisioning.toLowerCase()}`),
        time,
      },
      // A VM whose creation failed has no power state.
      ...(provisioning === "Failed" && power === "deallocated"
        ? []
        : [status(`PowerState/${power}`, displayed[power])]),
    ],
  };
}

export function instanceViewRoute(kinds: Kinds, guests: VmGuests): Route {
  return {
    service: "compute",
    operation: "virtualMachines.instanceView",
    action: `${vmType}/instanceView/read`,
    method: "GET",
    path: "resourcegroups/:group/providers/microsoft.compute/virtualmachines/:name/instanceview",
    run: (request) => ({ status: 200, body: instanceView({ guests }, kinds.find(vmType, request)) }),
  };
}

/** Signed URLs of what the guest wrote on its serial console:
 *  https://learn.microsoft.com/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data */
export function bootDiagnostics(grants: Grants, vm: Vm, query: URLSearchParams): ArmAnswer {
  if (!isDiagnosed(vm)) {
    throw new AzureError(
      "BootDiagnosticsNotEnabled",
      `Boot diagnostics is not enabled for the virtual machine ${vm.name}.`,
      409,
    );
  }
  const minutes = Number(query.get("sasUriExpirationTimeInMinutes") ?? 120);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 1_440)
    throw invalidParameter("sasUriExpirationTimeInMinutes", "it must be between 1 and 1440");
  return { status: 200, body: { serialConsoleLogBlobUri: grants.make(vm.id, "Log", minutes * 60) } };
}

function isDiagnosed({ properties }: Vm): boolean {
  const profile = properties.diagnosticsProfile as { bootDiagnostics?: { enabled?: boolean } } | undefined;
  return profile?.bootDiagnostics?.enabled === true;
}
