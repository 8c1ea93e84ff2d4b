import { startAzureLab } from "../../../sandbox/azure/support.ts";
import { addressOf, connectAzure } from "../../support/azure.ts";
import { makeAzureTraffic } from "../../support/azure-traffic.ts";
import { FaultSite, forgetAllBut } from "./fault-site.ts";

const quick = { pollMs: { first: 2, most: 20 }, firstRetryMs: 2, attempts: 3, blockAttempts: 3, reservedNicMs: 150 };

export async function openAzure(): Promise<FaultSite> {
  const lab = await startAzureLab({ stopGraceMs: 0, guestMemoryMib: 64 });
  const { cloud, clientSecretId: client_secret_id } = lab.azure;
  const address = addressOf(lab);
  const values = { ...address.values, client_secret_id };
  return new FaultSite({
    admin: lab.azure.admin,
    complaints: lab.complaints,
    settled: () => lab.azure.cloud.settled(),
    bus: "hyperv",
    connect: (endurance) => connectAzure({ ...address, values }, { ...quick, ...endurance }),
    makeTraffic: () => makeAzureTraffic(lab),
    listed: [cloud.tables.resources],
    keys: { values, forgetOthers: () => forgetAllBut(cloud.tables.secrets, client_secret_id) },
    documentsBucket: "novacron-documents",
    close: () => lab.close(),
  });
}
