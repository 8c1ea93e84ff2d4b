import { CheckList } from "./check-list.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { PlanAction, PlanCheck } from "./plan.ts";
import { type DnsShiftParameters, type ProxyShiftParameters, trafficActions } from "./traffic.ts";

/** What users will have of the stop, as it is predicted: requests that wait, or that nobody answers. */
export function gapChecks(
  { request, vm }: MigrationObservations,
  shifts: readonly PlanAction[],
  downtimeSeconds: number,
): PlanCheck[] {
  const of = <T>(name: string) =>
    shifts.filter(({ action }) => action === name).map(({ parameters }) => parameters as unknown as T);
  const proxies = of<ProxyShiftParameters>(trafficActions.proxy);
  const records = of<DnsShiftParameters>(trafficActions.dns);
  if (shifts.length === 0 || vm.state !== "running") return [];
  const list = new CheckList();
  const gap = `${vm.name} is expected to be away for ${downtimeSeconds} s`;
  const quicker =
    (request.mode ?? "cold") === "cold" ? "Move it with --mode warm, which stops it for the last difference only" : "";
  const [least] = [...proxies].sort((a, b) => a.holdSeconds - b.holdSeconds);
  if (least) {
    const { proxy, listener, holdSeconds } = least;
    list.say(
      "traffic-gap",
      holdSeconds > downtimeSeconds
        ? undefined
        : `${gap}, and ${proxy}/${listener} holds what comes for at most ${holdSeconds} s: what waits then fails`,
      `${gap}; what comes through ${proxy}/${listener} waits for that long`,
      `${quicker === "" ? "Give" : `${quicker}, or give`} a longer hold_seconds.`,
      true,
    );
    return list.checks;
  }
  const kept = Math.max(0, ...records.map(({ lowTtlSeconds }) => lowTtlSeconds));
  list.say(
    "traffic-gap",
    `${gap}, and nothing holds what comes meanwhile: it fails${kept > 0 ? `, with the ${kept} s that resolvers keep a record after the switch` : ""}`,
    "",
    `${quicker === "" ? "Lead" : `${quicker}, or lead`} users through a proxy that holds their requests (--proxy).`,
    true,
  );
  return list.checks;
}
