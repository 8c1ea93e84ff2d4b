import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Deserialise, modelsOf, unread } from "./readers.ts";
import { type AzureLab, quickly, startAzureLab } from "./support.ts";

const group = "novacron";
const location = "eastus";
let lab: AzureLab;

before(async () => {
  lab = await startAzureLab();
});
after(() => lab.close());

test("the SDK reads every member of what is answered", async () => {
  const compute = lab.compute();
  const network = lab.network();
  const tags = { owner: "test" };
  const { id: subnetId } = await network.subnets.get(group, "novacron", "default");
  const address = await network.publicIPAddresses.createOrUpdate(
    group,
    "ip",
    { location, tags, sku: { name: "Standard" }, publicIPAllocationMethod: "Static" },
    quickly,
  );
  const { id: nicId } = await network.networkInterfaces.createOrUpdate(
    group,
    "nic",
    { location, ipConfigurations: [{ name: "first", subnet: { id: subnetId }, publicIPAddress: { id: address.id } }] },
    quickly,
  );
  const creationData = { createOption: "Empty" };
  const disk = await compute.disks.createOrUpdate(group, "d", { location, tags, diskSizeGB: 1, creationData }, quickly);
  const copy = { createOption: "Copy", sourceResourceId: disk.id };
  await compute.snapshots.createOrUpdate(group, "s", { location, incremental: true, creationData: copy }, quickly);
  await compute.images.createOrUpdate(
    group,
    "i",
    { location, storageProfile: { osDisk: { osType: "Linux", osState: "Generalized", managedDisk: { id: disk.id } } } },
    quickly,
  );
  // Without capacity: no guest is needed to see what is answered of a VM.
  lab.azure.cloud.changeSettings({ noCapacity: ["*"] });
  const vm = compute.virtualMachines.createOrUpdate(
    group,
    "vm",
    {
      location,
      hardwareProfile: { vmSize: "Standard_B1s" },
      storageProfile: { osDisk: { createOption: "Attach", osType: "Linux", managedDisk: { id: disk.id } } },
      networkProfile: { networkInterfaces: [{ id: nicId, primary: true }] },
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    },
    quickly,
  );
  await assert.rejects(Promise.resolve(vm));
  await compute.virtualMachines.get(group, "vm", { expand: "instanceView" });
  await compute.virtualMachines.instanceView(group, "vm");
  await compute.virtualMachines.retrieveBootDiagnosticsData(group, "vm");
  await network.virtualNetworks.get(group, "novacron");
  await network.networkSecurityGroups.get(group, "novacron-demo-8080");
  for await (const _ of compute.resourceSkus.list()) continue;
  for await (const _ of compute.usage.list(location)) continue;
  for await (const _ of network.usages.list(location)) continue;
  await compute.virtualMachineImages.get(location, "Debian", "debian-12", "12", "latest");

  const [disks, machines, skus, networks] = await Promise.all([
    modelsOf("arm-compute", "computeDisk"),
    modelsOf("arm-compute", "compute"),
    modelsOf("arm-compute", "computeSku"),
    modelsOf("arm-network", "common"),
  ]);
  const readers: Readonly<Record<string, Deserialise | undefined>> = {
    "Microsoft.Compute/disks": disks.diskDeserializer,
    "Microsoft.Compute/snapshots": disks.snapshotDeserializer,
    "Microsoft.Compute/images": machines.imageDeserializer,
    "Microsoft.Compute/virtualMachines": machines.virtualMachineDeserializer,
    "Microsoft.Network/virtualNetworks": networks.virtualNetworkDeserializer,
    "Microsoft.Network/virtualNetworks/subnets": networks.subnetDeserializer,
    "Microsoft.Network/networkSecurityGroups": networks.networkSecurityGroupDeserializer,
    "Microsoft.Network/publicIPAddresses": networks.publicIPAddressDeserializer,
    "Microsoft.Network/networkInterfaces": networks.networkInterfaceDeserializer,
    instanceView: machines.virtualMachineInstanceViewDeserializer,
    retrieveBootDiagnosticsData: machines.retrieveBootDiagnosticsDataResultDeserializer,
    // oxlint-disable-next-line no-underscore-dangle -- the SDK names it so
    skus: skus._resourceSkusResultDeserializer,
    // oxlint-disable-next-line no-underscore-dangle -- the SDK names it so
    "Microsoft.Compute/usages": machines._listUsagesResultDeserializer,
    latest: machines.virtualMachineImageDeserializer,
  };
  const seen = new Set<string>();
  for (const { request, body } of lab.answers) {
    const { type, error } = body as { type?: string; error?: unknown };
    const last = request.split("/").at(-1) ?? "";
    const name =
      type ?? (last === "usages" && request.includes("Microsoft.Compute") ? "Microsoft.Compute/usages" : last);
    if (
      error !== undefined ||
      /operations|operationResults/.test(request) ||
      request.includes("Microsoft.Network/locations")
    )
      continue;
    const reader = readers[name];
    assert.ok(reader, `there is no reader for ${request} ${name}`);
    assert.deepEqual(unread(reader, body), [], request);
    seen.add(name);
  }
  assert.deepEqual([...seen].sort(), Object.keys(readers).sort());
  assert.deepEqual(lab.complaints, []);
});
