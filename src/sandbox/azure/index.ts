import type { CloudAdmin } from "../cloud/admin.ts";
import { HttpFront } from "../cloud/http-front.ts";
import { makeSample } from "./arm/samples.ts";
import { census } from "./census.ts";
import {
  AzureCloud,
  type AzureParts,
  containerName,
  defaultGroup,
  defaultLocation,
  storageAccountName,
} from "./cloud.ts";
import type { Billing } from "./costs/routes.ts";
import type { VmMetrics } from "./monitor/metrics.ts";
import { assemble } from "./parts.ts";

/** A running simulated Azure. */
export interface RunningAzure {
  readonly cloud: AzureCloud;
  /** Of its guests, as Azure Monitor keeps them. */
  readonly metrics: VmMetrics;
  readonly billing: Billing;
  readonly front: HttpFront;
  readonly port: number;
  readonly endpoint: string;
  /** Of the name servers of its zones, over UDP on 127.0.0.1. */
  readonly dnsPort: number;
  /** Ends what listens beside the API: name servers and load balancers. */
  stopTraffic(): Promise<void>;
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The id of that secret in Microsoft Entra. */
  readonly clientSecretId: string;
  readonly location: string;
  readonly resourceGroup: string;
  readonly storageAccount: { readonly name: string; readonly key: string; readonly container: string };
  readonly admin: CloudAdmin;
  /** Powers the guests off (they start again with the next sandbox) and ends. */
  stop(): Promise<void>;
}

/** Starts it on a port of 127.0.0.1 (0: any), with everything as an earlier process left it. */
export async function startAzure(parts: AzureParts, port: number): Promise<RunningAzure> {
  const cloud = new AzureCloud(parts);
  const { kinds, gateway, operations, contents, copies, store, guests, names, traffic, metrics, billing } =
    assemble(cloud);
  cloud.guests.adopt();
  operations.reconcile();
  copies.reconcile();
  await contents.reconcile();
  guests.reconcile();
  metrics.start();
  const front = new HttpFront((request) => gateway.handle(request));
  const listening = await front.listen(port);
  const dnsPort = await names.listen(listening);
  await traffic.settle();
  const stopTraffic = async (): Promise<void> => {
    await names.close();
    await traffic.close();
  };
  const { subscriptionId, tenantId, clientId, clientSecret, storageKey } = cloud.account;
  return {
    cloud,
    metrics,
    billing,
    front,
    port: listening,
    endpoint: `http://127.0.0.1:${listening}`,
    dnsPort,
    stopTraffic,
    subscriptionId,
    tenantId,
    clientId,
    clientSecret,
    clientSecretId: cloud.tables.secrets.find(({ value }) => value === clientSecret)?.id ?? "",
    location: defaultLocation,
    resourceGroup: defaultGroup,
    storageAccount: { name: storageAccountName, key: storageKey, container: containerName },
    admin: {
      name: "azure",
      faults: cloud.faults,
      front,
      settings: () => cloud.settings,
      changeSettings: (change) => cloud.changeSettings(change),
      census: () => census(cloud, store),
      makeSample: (order) => makeSample(kinds, order),
      crash: (id) => guests.crash(id),
    },
    async stop() {
      metrics.stop();
      await front.close();
      await stopTraffic();
      await guests.suspendAll();
      await cloud.settled();
      cloud.guests.close();
      await cloud.disks.close();
      await cloud.pages.close();
      cloud.documents.close();
    },
  };
}
