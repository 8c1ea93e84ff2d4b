import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { until, whyNoGuests } from "../aws/support.ts";
import { quickly, startAzureLab } from "./support.ts";

const group = "novacron";
const location = "eastus";

describe("real guests behind virtual machines", { skip: whyNoGuests() ?? false, timeout: 240_000 }, async () => {
  const lab = await startAzureLab();
  const compute = lab.compute();
  const network = lab.network();
  after(async () => {
    await lab.close();
    assert.deepEqual(lab.complaints, []);
  });
  const consoleOf = async (name: string): Promise<string> => {
    const { serialConsoleLogBlobUri = "" } = await compute.virtualMachines.retrieveBootDiagnosticsData(group, name);
    return (await lab.pageBlob(serialConsoleLogBlobUri).downloadToBuffer()).toString("utf8");
  };

  test("a guest of the platform image boots from IDE, and its console is read by its signature", async () => {
    const { id: subnetId } = await network.subnets.get(group, "novacron", "default");
    const ipConfigurations = [{ name: "first", subnet: { id: subnetId } }];
    const nic = await network.networkInterfaces.createOrUpdate(
      group,
      "web-nic",
      { location, ipConfigurations },
      quickly,
    );
    await compute.virtualMachines.createOrUpdate(
      group,
      "web",
      {
        location,
        hardwareProfile: { vmSize: "Standard_B1s" },
        storageProfile: {
          imageReference: { publisher: "Debian", offer: "debian-12", sku: "12", version: "latest" },
          osDisk: { createOption: "FromImage", name: "web-os", deleteOption: "Delete" },
        },
        osProfile: { computerName: "web", adminUsername: "novacron" },
        networkProfile: { networkInterfaces: [{ id: nic.id, primary: true, deleteOption: "Delete" }] },
        diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      },
      quickly,
    );
    await until(async () => assert.match(await consoleOf("web"), /NOVACRON-GUEST-READY .*root=\/dev\/sda1/), 120_000);
  });

  test("its snapshot is taken while it runs, and it runs on when the sandbox starts anew", async () => {
    const { id } = await compute.disks.get(group, "web-os");
    await compute.snapshots.createOrUpdate(
      group,
      "web-1",
      { location, incremental: true, creationData: { createOption: "Copy", sourceResourceId: id } },
      quickly,
    );
    const read = { access: "Read", durationInSeconds: 600 };
    const { accessSAS = "" } = await compute.snapshots.grantAccess(group, "web-1", read, quickly);
    const { pageRange = [] } = await lab.pageBlob(accessSAS).getPageRanges();
    assert.ok(pageRange.length > 1);
    await lab.restart();
    const { statuses = [] } = await compute.virtualMachines.instanceView(group, "web");
    assert.ok(statuses.some(({ code }) => code === "PowerState/running"));
    await compute.virtualMachines.delete(group, "web", quickly);
    assert.deepEqual(lab.azure.cloud.guests.running(), []);
  });
});
