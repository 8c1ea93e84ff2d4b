import { randomBytes } from "node:crypto";
import type { GcpLab } from "../../sandbox/gcp/support.ts";
import type { TrafficSite } from "../harness.ts";

/** A managed zone, made by the API's own calls. */
export async function makeGcpTraffic({ gcp, raw }: GcpLab): Promise<TrafficSite> {
  const run = randomBytes(4).toString("hex");
  const zones = `/dns/v1/projects/${gcp.project}/managedZones`;
  const zoneId = `zone-${run}`;
  const body = JSON.stringify({ name: zoneId, dnsName: `${run}.example.com.`, description: "" });
  const answer = await raw(zones, { method: "POST", body });
  if (!answer.ok) throw new Error(await answer.text());
  return {
    zone: { zoneId, name: `${run}.example.com` },
    async close() {
      const gone = await raw(`${zones}/${zoneId}`, { method: "DELETE" });
      if (!gone.ok) throw new Error(await gone.text());
    },
  };
}
