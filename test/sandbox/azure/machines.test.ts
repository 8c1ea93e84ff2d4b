import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ComputeManagementClient } from "@azure/arm-compute";
import type { NetworkManagementClient } from "@azure/arm-network";
import { whyNoGuests } from "../aws/support.ts";
import { type AzureLab, codeOf, quickly, startAzureLab } from "./support.ts";

const guests = { skip: whyNoGuests() ?? false };
const group = "novacron";
const location = "eastus";
let lab: AzureLab;
let compute: ComputeManagementClient;
let network: NetworkManagementClient;

before(async () => {
  lab = await startAzureLab();
  compute = lab.compute();
  network = lab.network();
});
after(() => lab.close());

async function nic(name: string): Promise<string> {
  const subnet = await network.subnets.get(group, "novacron", "default");
  const made = await network.networkInterfaces.createOrUpdate(
    group,
    name,
    {
      location,
      ipConfigurations: [{ name: "first", subnet: { id: subnet.id } }],
    },
    quickly,
  );
  return made.id ?? "";
}

async function disk(name: string): Promise<string> {
  const creationData = { createOption: "Empty" };
  const made = await compute.disks.createOrUpdate(
    group,
    name,
    {
      location,
      osType: "Linux",
      diskSizeGB: 1,
      creationData,
    },
    quickly,
  );
  return made.id ?? "";
}

async function machine(name: string, vmSize = "Standard_B1s", deleteOption = "Detach") {
  const [osDisk, card] = [await disk(`${name}-os`), await nic(`${name}-nic`)];
  return compute.virtualMachines.createOrUpdate(
    group,
    name,
    {
      location,
      hardwareProfile: { vmSize },
      storageProfile: {
        osDisk: { createOption: "Attach", osType: "Linux", managedDisk: { id: osDisk }, deleteOption },
      },
      networkProfile: { networkInterfaces: [{ id: card, primary: true, deleteOption }] },
    },
    quickly,
  );
}

const powerOf = async (name: string) => {
  const { statuses = [] } = await compute.virtualMachines.instanceView(group, name);
  return statuses.map(({ code }) => code).find((code) => code?.startsWith("PowerState/"));
};

test("a VM runs, is stopped and deallocated, and leaves with it what it was told to", guests, async () => {
  const made = await machine("one", "Standard_B1s", "Delete");
  assert.equal(made.provisioningState, "Succeeded");
  assert.equal(await powerOf("one"), "PowerState/running");
  assert.equal((await compute.disks.get(group, "one-os")).diskState, "Attached");
  await compute.virtualMachines.powerOff(group, "one", { skipShutdown: true, ...quickly });
  assert.equal(await powerOf("one"), "PowerState/stopped");
  await compute.virtualMachines.deallocate(group, "one", quickly);
  assert.equal(await powerOf("one"), "PowerState/deallocated");
  assert.equal((await compute.disks.get(group, "one-os")).diskState, "Reserved");
  await compute.virtualMachines.delete(group, "one", quickly);
  assert.equal(await codeOf(compute.disks.get(group, "one-os")), "ResourceNotFound");
  assert.equal(await codeOf(network.networkInterfaces.get(group, "one-nic")), "ResourceNotFound");
});

test("without capacity a VM is there and has failed, as Azure leaves it", async () => {
  lab.azure.cloud.changeSettings({ noCapacity: ["Standard_D2s_v5"] });
  assert.equal(await codeOf(machine("none", "Standard_D2s_v5")), "AllocationFailed");
  assert.equal((await compute.virtualMachines.get(group, "none")).provisioningState, "Failed");
  assert.equal(await powerOf("none"), undefined);
  lab.azure.cloud.changeSettings({ noCapacity: [] });
  await compute.virtualMachines.delete(group, "none", quickly);
  // Its disk and its card stay: nothing said that they go.
  assert.equal((await compute.disks.get(group, "none-os")).diskState, "Unattached");
});

test("quotas count what is deallocated, and a restricted size is not offered", async () => {
  lab.azure.cloud.changeSettings({ coresQuota: 2, restricted: ["Standard_B1ms"] });
  assert.equal(await codeOf(machine("big", "Standard_D4s_v5")), "OperationNotAllowed");
  assert.equal(await codeOf(machine("restricted", "Standard_B1ms")), "SkuNotAvailable");
  const restrictions: unknown[] = [];
  for await (const { name, restrictions: found } of compute.resourceSkus.list({ filter: "location eq 'eastus'" }))
    if (name === "Standard_B1ms") restrictions.push(...(found ?? []));
  assert.equal(restrictions.length, 1);
  lab.azure.cloud.changeSettings({ coresQuota: 100, restricted: [] });
});

test("a PUT of a network says all subnets there are to be, and one that is used can't go", async () => {
  const addressSpace = { addressPrefixes: ["10.9.0.0/16"] };
  const subnet = (name: string, addressPrefix: string) => ({ name, addressPrefix });
  await network.virtualNetworks.createOrUpdate(
    group,
    "net",
    {
      location,
      addressSpace,
      subnets: [subnet("a", "10.9.0.0/24"), subnet("b", "10.9.1.0/24")],
    },
    quickly,
  );
  const { id } = await network.subnets.get(group, "net", "a");
  await network.networkInterfaces.createOrUpdate(
    group,
    "user",
    {
      location,
      ipConfigurations: [{ name: "first", subnet: { id } }],
    },
    quickly,
  );
  const { subnets = [] } = await network.virtualNetworks.createOrUpdate(
    group,
    "net",
    {
      location,
      addressSpace,
      subnets: [subnet("a", "10.9.0.0/24")],
    },
    quickly,
  );
  assert.deepEqual(
    subnets.map(({ name }) => name),
    ["a"],
  );
  const left = network.virtualNetworks.createOrUpdate(group, "net", { location, addressSpace, subnets: [] }, quickly);
  assert.equal(await codeOf(left), "InUseSubnetCannotBeDeleted");
});

test("lists come page by page", async () => {
  lab.azure.cloud.changeSettings({ pageSize: 2 });
  const names: string[] = [];
  for (const name of ["p1", "p2", "p3"]) await nic(name);
  for await (const { name = "" } of network.networkInterfaces.list(group)) names.push(name);
  assert.ok(["p1", "p2", "p3"].every((name) => names.includes(name)));
  assert.equal(new Set(names).size, names.length);
  lab.azure.cloud.changeSettings({ pageSize: 50 });
});

test("a public address reaches a guest only through a security group that opens it", guests, async () => {
  const { id: subnetId } = await network.subnets.get(group, "novacron", "default");
  const { id: groupId } = await network.networkSecurityGroups.get(group, "novacron-demo-8080");
  const address = await network.publicIPAddresses.createOrUpdate(
    group,
    "open-ip",
    {
      location,
      sku: { name: "Standard" },
      publicIPAllocationMethod: "Static",
    },
    quickly,
  );
  await nic("open-nic");
  await machine("open");
  const put = (networkSecurityGroup?: { id: string | undefined }) =>
    network.networkInterfaces.createOrUpdate(
      group,
      "open-nic",
      {
        location,
        ipConfigurations: [{ name: "first", subnet: { id: subnetId }, publicIPAddress: { id: address.id } }],
        ...(networkSecurityGroup ? { networkSecurityGroup } : {}),
      },
      quickly,
    );
  const forwards = () => {
    const vm = lab.azure.admin.census().find(({ id }) => id.endsWith("/virtualMachines/open"));
    return vm?.facts?.forwards;
  };
  await put();
  await lab.azure.cloud.settled();
  assert.deepEqual(forwards(), []);
  await put({ id: groupId });
  await lab.azure.cloud.settled();
  assert.deepEqual(forwards(), [{ address: address.ipAddress, port: 8080, guestPort: 8080 }]);
});

test("nothing went wrong unseen", () => {
  assert.deepEqual(lab.complaints, []);
});
