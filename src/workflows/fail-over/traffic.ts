import { proxyActivities, sleep } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { RecordShiftParameters, RecoveryOrders } from "../../domain/recovery-actions.ts";
import type { RecoveredVm } from "../../domain/recovery-run.ts";
import type { RecordState } from "../../domain/traffic.ts";
import { siteCall, undoCall } from "../lib/activity-options.ts";
import type { Saga } from "../lib/saga.ts";
import type { Story } from "./story.ts";

const calls = proxyActivities<Activities>(siteCall);
const undo = proxyActivities<Activities>(undoCall);

interface TrafficPlace {
  readonly orders: RecoveryOrders;
  readonly story: Story;
  readonly saga: Saga;
}

/** Lowers the TTLs of the plan's records, and waits until resolvers have let go of what they kept before. */
export async function lowerTtls({ orders, story, saga }: TrafficPlace): Promise<void> {
  let notBefore = Date.now();
  for (const record of orders.records) {
    const { lowTtlSeconds } = record;
    const detail = `Lower the TTL of ${record.type} ${record.name} to ${lowTtlSeconds} s`;
    await story.run({ step: "lower-ttl", detail }, async () => {
      const before = await lookAt(record, saga);
      if (!before || before.ttlSeconds <= lowTtlSeconds) return;
      const to = { ...before, ttlSeconds: lowTtlSeconds };
      await calls.setRecoveryRecord.executeWithOptions({ summary: detail }, [{ record, to }]);
      notBefore = Math.max(notBefore, Date.now() + before.ttlSeconds * 1000);
    });
  }
  const leftMs = notBefore - Date.now();
  if (leftMs <= 0) return;
  const detail = "Wait until resolvers have let go of the former TTLs";
  await story.run({ step: "wait", detail }, () => sleep(leftMs, { summary: detail }));
}

/** Leads users to what was brought up, once the group serves there: nothing of it is taken back. Whatever was there before is
 *  the outcome of each step. */
export async function shiftTraffic(
  { orders, story }: Omit<TrafficPlace, "saga">,
  recovered: readonly RecoveredVm[],
): Promise<void> {
  const { to, records, pools } = orders;
  const idOf = (name: string) => recovered.find(({ vm }) => vm === name)?.vmId ?? "";
  for (const record of records) {
    const detail = `Point ${record.type} ${record.name} to the recovery site`;
    await story.insist({ step: "shift-record", detail }, async () => {
      const values = record.values ?? [(await endpointOf(to, idOf(record.vm ?? ""), record.port ?? 0)).host];
      const before = await lookAt(record);
      const wanted = { ttlSeconds: record.lowTtlSeconds, values };
      await calls.setRecoveryRecord.executeWithOptions({ summary: detail }, [{ record, to: wanted }]);
      return `${before?.values.join(", ") ?? "none"} → ${values.join(", ")}`;
    });
  }
  for (const pool of pools) {
    const detail = `Give ${pool.vm} the traffic of pool ${pool.poolId}`;
    await story.insist({ step: "shift-pool", detail }, async () => {
      const vmId = idOf(pool.vm);
      const { at } = await endpointOf(to, vmId, pool.port);
      await calls.joinRecoveryPool.executeWithOptions({ summary: detail }, [{ pool, vmId, at }]);
    });
  }
}

/** The record as it is; where the run is undone it will be so again. */
async function lookAt(record: RecordShiftParameters, saga?: Saga): Promise<RecordState | undefined> {
  const summary = `look at ${record.type} ${record.name}`;
  const { before } = await calls.recoveryRecord.executeWithOptions({ summary }, [{ record }]);
  saga?.add({
    resource: `${record.site}/dns-record/${record.zoneId}/${record.type}/${record.name}`,
    remove: before ? `set it to ${before.values.join(", ")} for ${before.ttlSeconds} s` : "delete it",
    undo: () => undo.setRecoveryRecord({ record, to: before }),
  });
  return before;
}

async function endpointOf(site: string, vmId: string, port: number): Promise<{ host: string; at: string }> {
  const [address] = await calls.trafficAddresses({ site, vmId, ports: [port] });
  if (!address) throw new Error(`${vmId} has no port ${port}`);
  return address;
}
