import { randomUUID } from "node:crypto";
import type { Kind, Kinds, Planned } from "../arm/kinds.ts";
import type { ArmAnswer, ArmRequest } from "../arm/request.ts";
import { AzureError, invalidParameter, propertyChangeNotAllowed } from "../errors.ts";
import { newId } from "../ids.ts";
import { interfaceType } from "../network/addresses.ts";
import { skuNotAvailable } from "../refusals.ts";
import type { Json, Vm, VmFacts } from "../state.ts";
import { release } from "./holders.ts";
import { checkQuota, requireSize, vmType } from "./offers.ts";
import { diskReferences, interfaceIds } from "./vm-guests.ts";
import type { VmParts } from "./vm-parts.ts";
import { removeVm } from "./vm-removal.ts";
import { bootDiagnostics, instanceView } from "./vm-views.ts";

/** Virtual machines: https://learn.microsoft.com/rest/api/compute/virtual-machines */
export function vmKind(parts: VmParts): Kind<VmFacts> {
  const { kinds, grants, guests } = parts;
  const { cloud } = kinds;
  const power = (operation: string, run: (vm: Vm, request: ArmRequest) => Promise<void>) => ({
    operation,
    run: (request: ArmRequest, vm: Vm): ArmAnswer => {
      const { id, location } = vm;
      const work = async () => {
        const now = cloud.tables.resources.get(id) as Vm | undefined;
        if (!now) throw new AzureError("ResourceNotFound", `The Resource '${vm.name}' was not found.`, 404);
        await run(now, request);
        return undefined;
      };
      const headers = kinds.operations.begin(request, { resourceId: id, location, showsResource: false, run: work });
      return { status: 202, headers };
    },
  });
  return {
    service: "compute",
    type: vmType,
    collection: "virtualMachines",
    lists: ["list", "listAll"],
    write: (_request, wish, before) => (before ? changed(parts, wish, before) : planned(parts, wish)),
    patch: (_request, before) => {
      const { body } = _request;
      const properties = merged(before.properties, (body.properties ?? {}) as Json);
      return changed(parts, { ...before, properties }, before);
    },
    remove: (vm) => removeVm(parts, vm),
    view: (vm, request) => ({
      ...vm.properties,
      vmId: vm.facts.vmId,
      ...(/instanceview/i.test(request?.query.get("$expand") ?? "") ? { instanceView: instanceView(parts, vm) } : {}),
    }),
    actions: {
      start: power("start", (vm) => guests.start(vm.id)),
      powerOff: power("powerOff", (vm, { query }) =>
        guests.stop(vm.id, query.get("skipShutdown") === "true", "stopped"),
      ),
      deallocate: power("deallocate", (vm) => guests.stop(vm.id, false, "deallocated")),
      restart: power("restart", async (vm) => {
        if (cloud.guests.isRunning(vm.facts.guestId)) await cloud.guests.reset(vm.facts.guestId);
        else await guests.start(vm.id);
      }),
      retrieveBootDiagnosticsData: {
        operation: "retrieveBootDiagnosticsData",
        run: ({ query }: ArmRequest, vm: Vm) => bootDiagnostics(grants, vm, query),
      },
    },
  };
}

/** A new VM: its disks and network cards have to be free; it starts when all is there. */
function planned(parts: VmParts, wish: Vm): Planned<VmFacts> {
  const { kinds, guests, vmDisks } = parts;
  const { properties } = wish;
  const size = requireSize((properties.hardwareProfile as Json | undefined)?.vmSize);
  if (kinds.cloud.settings.restricted.includes(size.name)) throw skuNotAvailable(size.name, wish.location);
  checkQuota(kinds, size, wish.id);
  const { storageProfile, complete } = vmDisks.plan(wish, size);
  const nics = interfaceIds(properties);
  if (nics.length === 0) throw invalidParameter("networkProfile", "a VM needs a network interface");
  for (const id of nics) checkInterface(kinds, id, wish);
  const facts = { vmId: randomUUID(), guestId: newId("vm"), power: "deallocated" as const, unforwarded: [] };
  const resource = {
    ...wish,
    facts,
    properties: { ...properties, storageProfile, timeCreated: new Date(wish.createdAt).toISOString() },
  };
  return {
    resource,
    work: async () => {
      await complete();
      hold(parts, wish.id);
      await guests.start(wish.id);
    },
  };
}

/** A VM that is there: size, data disks and tags can change; what its guest is made of only while it is deallocated. */
function changed(parts: VmParts, wish: Vm, before: Vm): Planned<VmFacts> {
  const { kinds, guests, vmDisks } = parts;
  const { cloud } = kinds;
  // A creation that failed is tried again as a whole.
  if (before.provisioningState === "Failed" && before.facts.power === "deallocated") {
    const again = planned(parts, wish);
    return { ...again, resource: { ...again.resource, facts: { ...before.facts } } };
  }
  const wanted = { ...before.properties, ...wish.properties };
  const size = requireSize((wanted.hardwareProfile as Json).vmSize);
  const resized = size.name !== (before.properties.hardwareProfile as Json).vmSize;
  const off = before.facts.power === "deallocated";
  if (resized) {
    if (cloud.settings.restricted.includes(size.name)) throw skuNotAvailable(size.name, wish.location);
    checkQuota(kinds, size, wish.id);
  }
  const nics = interfaceIds(wanted);
  if (String(nics) !== String(interfaceIds(before.properties))) {
    if (!off) throw propertyChangeNotAllowed("networkProfile");
    for (const id of nics) checkInterface(kinds, id, wish);
  }
  const { storageProfile, complete } = vmDisks.plan({ ...wish, properties: wanted }, size, before);
  return {
    resource: { ...wish, facts: before.facts, properties: { ...wanted, storageProfile } },
    work: async () => {
      await complete();
      hold(parts, wish.id, before);
      const running = cloud.guests.isRunning(before.facts.guestId);
      // A running VM restarts for another size: https://learn.microsoft.com/azure/virtual-machines/sizes/resize-vm
      if (!resized || !running) return;
      await guests.stop(wish.id, false, "stopped");
      await guests.start(wish.id);
    },
  };
}

/** Notes on disks and network cards which VM has them, and lets those go that it has no more. */
function hold({ kinds }: VmParts, vmId: string, before?: Vm): void {
  const { resources } = kinds.cloud.tables;
  const vm = resources.get(vmId);
  if (!vm) return;
  const ids = (properties: Json) => [
    ...diskReferences(properties).flatMap(({ id }) => id ?? []),
    ...interfaceIds(properties),
  ];
  const now = new Set(ids(vm.properties));
  for (const id of before ? ids(before.properties) : []) if (!now.has(id)) release(kinds, id);
  for (const id of now) {
    const one = resources.get(id);
    if (!one) continue;
    const mark = one.type === interfaceType ? { virtualMachine: { id: vm.path } } : { managedBy: vm.path };
    kinds.put({ ...one, properties: { ...one.properties, ...mark } });
  }
}

function checkInterface(kinds: Kinds, id: string, vm: Vm): void {
  const nic = kinds.byId<object>(id, interfaceType);
  if (!nic) throw new AzureError("NotFound", `The network interface ${id} was not found.`, 404);
  const holder = (nic.properties.virtualMachine as { id?: string } | undefined)?.id;
  if (holder === undefined || holder.toLowerCase() === vm.id) return;
  throw new AzureError("NicInUse", `Network Interface ${nic.path} is used by existing VM ${holder}.`);
}

/** PATCH merges objects and replaces everything else: RFC 7396. */
function merged(before: Json, change: Json): Json {
  const result: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(change)) {
    const old = result[name];
    const both = isObject(value) && isObject(old);
    if (value === undefined) continue;
    result[name] = both ? merged(old, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
