import { Gauge, type Registry } from "prom-client";
import type { Store } from "../store/index.ts";

/** How old the newest backup of the control plane is at each place, and whether it may act at all. */
export function controlPlaneGauges(
  registers: Registry[],
  store: Pick<Store, "controlPlane" | "alerts">,
): () => Promise<void> {
  const backups = new Gauge({
    name: "novacron_control_plane_backup_timestamp_seconds",
    help: "The moment that the newest proven backup of the control plane shows",
    ...{ labelNames: ["site"], registers },
  });
  const failed = new Gauge({
    name: "novacron_control_plane_backup_failed",
    help: "1 where the newest attempt at a backup of the control plane failed",
    ...{ labelNames: ["site"], registers },
  });
  const superseded = new Gauge({
    name: "novacron_control_plane_superseded",
    help: "1 when another control plane has taken over",
    registers,
  });
  const evaluated = new Gauge({
    name: "novacron_alerts_evaluated_timestamp_seconds",
    help: "When all alert rules were looked at last; absent where they never were",
    registers,
  });
  return async () => {
    const [own, places, alerts] = await Promise.all([
      store.controlPlane.get(),
      store.controlPlane.places(),
      store.alerts.standing(),
    ]);
    evaluated.reset();
    if (alerts.evaluatedAt) evaluated.set(Date.parse(alerts.evaluatedAt) / 1000);
    superseded.set(own.supersededBy ? 1 : 0);
    for (const gauge of [backups, failed]) gauge.reset();
    for (const { site, takenAt, problem } of places) {
      if (takenAt !== undefined) backups.set({ site }, Date.parse(takenAt) / 1000);
      failed.set({ site }, problem === undefined ? 0 : 1);
    }
  };
}
