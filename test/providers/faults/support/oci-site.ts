import { createHash } from "node:crypto";
import { startOciLab } from "../../../sandbox/oci/support.ts";
import { addressOf, connectOci } from "../../support/oci.ts";
import { makeOciTraffic } from "../../support/oci-traffic.ts";
import { FaultSite, forgetAllBut } from "./fault-site.ts";

const quick = { pollMs: { first: 2, most: 20 }, firstRetryMs: 2, attempts: 3, consistencyMs: 150 };

export async function openOci(): Promise<FaultSite> {
  const lab = await startOciLab({ stopGraceMs: 0, terminatedVisibleMs: 0, guestMemoryMib: 64, backendHealthMs: 20 });
  const address = addressOf(lab);
  const { tables } = lab.oci.cloud;
  const mark = createHash("sha256").update(lab.oci.compartment).digest("hex").slice(0, 12);
  return new FaultSite({
    admin: lab.oci.admin,
    complaints: lab.complaints,
    gone: /^(terminated|deleted)$/i,
    settled: () => lab.oci.cloud.settled(),
    bus: "virtio-blk",
    connect: (endurance) => connectOci(address, { ...quick, ...endurance }),
    makeTraffic: () => makeOciTraffic(lab),
    listed: [tables.instancePools, tables.ipSecConnections, tables.balancers],
    keys: { values: {}, forgetOthers: () => forgetAllBut(tables.apiKeys, lab.oci.credentials.fingerprint) },
    documentsBucket: `novacron-documents-${mark}`,
    close: () => lab.close(),
  });
}
