import { startGcpLab } from "../../../sandbox/gcp/support.ts";
import { connectGcp } from "../../support/gcp.ts";
import { makeGcpTraffic } from "../../support/gcp-traffic.ts";
import { FaultSite } from "./fault-site.ts";

const quick = { pollMs: { first: 2, most: 20 }, firstRetryMs: 2, attempts: 3 };

export async function openGcp(): Promise<FaultSite> {
  const lab = await startGcpLab({ stopGraceMs: 0, guestMemoryMib: 64, dnsPendingMs: 20, endpointHealthMs: 20 });
  const { project, zone, endpoint, serviceAccountKey: key, cloud } = lab.gcp;
  return new FaultSite({
    admin: lab.gcp.admin,
    complaints: lab.complaints,
    settled: () => lab.gcp.cloud.settled(),
    bus: "virtio-scsi",
    connect: (endurance) => connectGcp({ project, zone, endpoint, key }, { ...quick, ...endurance }),
    makeTraffic: () => makeGcpTraffic(lab),
    listed: [cloud.tables.listed],
    keys: {
      values: {},
      forgetOthers() {
        for (const { id } of cloud.identity.keys) if (id !== key.private_key_id) cloud.identity.deleteKey(id);
      },
    },
    documentsBucket: `novacron-${project}-us-central1`,
    close: () => lab.close(),
  });
}
