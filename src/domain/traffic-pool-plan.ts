import type { CheckList } from "./check-list.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { ObservedResource } from "./plan.ts";
import { type PoolMember, type PoolShiftParameters, type TrafficObservation, trafficActions } from "./traffic.ts";
import { sourcePort, type TrafficPart } from "./traffic-part.ts";
import { formatAddress } from "./traffic-proxy.ts";

const defaults = { steps: [100], stepSeconds: 10 } as const;

type SeenPool = TrafficObservation["pools"][number];

/** What is done to a pool: the new target in, the old one out. */
export function planPool(
  seen: MigrationObservations,
  { shift, members, shares = [], weighs, leastWeight = 1, gap }: SeenPool,
  list: CheckList,
): TrafficPart {
  const { request, vm, traffic } = seen;
  const { site, poolId, port } = shift;
  const endpoints = traffic?.endpoints ?? [];
  const isSource = ({ vmId, address, port: at }: PoolMember) =>
    vmId === vm.vmId || endpoints.some(({ host, port: open }) => host === address && open === at);
  const replaces = members?.find((member) =>
    shift.replaces === undefined ? isSource(member) : member.targetId === shift.replaces,
  );
  const fits = (share: (typeof shares)[number]) =>
    shift.shareId === undefined ? share.shareId === replaces?.shareId : share.shareId === shift.shareId;
  const share = shares.find(fits);
  const steps = shift.steps ?? defaults.steps;
  const own = ownShare(shares, members ?? []);
  const full = shares.find(({ shareId }) => shareId === replaces?.shareId)?.weight;
  const tooLight =
    weighs && full !== undefined && share?.shareId !== replaces?.shareId
      ? steps.find((step) => partsOf(full, step).some((part) => part > 0 && part < leastWeight))
      : undefined;
  const wrong =
    gap ??
    (replaces ? undefined : `none of its targets is ${vm.name}`) ??
    (share ? undefined : `it has no share ${shift.shareId}`) ??
    (share?.accepts === "vm" && site !== request.to
      ? `it takes VMs of ${site} only, and the new one is at ${request.to}`
      : undefined) ??
    (steps.length > 1 && !(weighs && (own || share?.shareId !== replaces?.shareId))
      ? "the old target and the new one have one weight together, so traffic can't move in steps"
      : undefined) ??
    (tooLight === undefined
      ? undefined
      : `a step of ${tooLight} would divide its weight of ${full} into ${partsOf(full ?? 0, tooLight).join(" and ")}, and it takes none below ${leastWeight}`) ??
    (steps.length > 1 && replaces && isSource(replaces)
      ? `${vm.name} is stopped before its traffic moves, so the part that a step leaves to it would reach nobody`
      : undefined);
  list.say(
    "traffic-pool",
    wrong,
    `Pool ${poolId} at ${site} has ${vm.name} as its target ${replaces?.targetId}`,
    "Name the target that goes with `replaces`, a share that takes the new one, or other steps, or none.",
    seen.homeward,
  );
  if (wrong !== undefined || !members || !replaces || !share) return {};
  const parameters: PoolShiftParameters = {
    ...{ site, poolId, port, replaces, steps },
    ...(replaces.address === undefined
      ? {}
      : sourcePort(seen, formatAddress({ host: replaces.address, port: replaces.port }))),
    ...(own ? {} : { shareId: share.shareId }),
    accepts: share.accepts,
    before: members.map(({ targetId }) => targetId),
    weights: shares.flatMap(({ shareId, weight }) => (weight === undefined ? [] : [{ shareId, weight }])),
    stepSeconds: shift.stepSeconds ?? defaults.stepSeconds,
  };
  const resource = { site, kind: "target-pool", id: poolId };
  return {
    action: {
      action: trafficActions.pool,
      resource,
      detail: `Put port ${port} of the new VM into pool ${poolId}${steps.length > 1 ? ` with ${steps.join(", ")} of 100` : ""}, and drain ${replaces.targetId}`,
      parameters: { ...parameters },
    },
    observed: ownedOf(resource, { members, shares }, parameters),
  };
}

/** What the new target and the old one get of the old one's weight. */
export function partsOf(full: number, step: number): readonly [number, number] {
  const part = Math.min(full, Math.max(1, Math.round((full * step) / 100)));
  return [part, full - part];
}

/** Whether targets are weighed one by one. */
function ownShare(shares: readonly { readonly shareId: string }[], members: readonly PoolMember[]): boolean {
  return members.length > 0 && members.every(({ targetId, shareId }) => targetId === shareId) && shares.length > 0;
}

/** Of a pool that other VMs are in, too, what a move changes: the target that goes, and the weights that it shifts. */
interface PoolTarget {
  readonly poolId: string;
  readonly targetId: string;
  /** Shares whose weights are the plan's. */
  readonly shareIds: readonly string[];
}

export const poolTargetKind = "pool-target";

/** No site has blanks in its ids. */
function poolTargetId({ poolId, targetId, shareIds }: PoolTarget): string {
  return [poolId, targetId, ...shareIds].join(" ");
}

export function parsePoolTargetId(id: string): PoolTarget {
  const [poolId = "", targetId = "", ...shareIds] = id.split(" ");
  return { poolId, targetId, shareIds };
}

/** What a plan holds of it, as a text that changes with what the plan rests on, and with nothing that others do there. */
export function poolTargetVersion(
  { members = [], shares = [] }: Pick<SeenPool, "members" | "shares">,
  { targetId, shareIds }: Pick<PoolTarget, "targetId" | "shareIds">,
): string {
  const member = members.find((each) => each.targetId === targetId);
  if (!member) return "absent";
  const weights = shareIds.map((id) => [id, shares.find(({ shareId }) => shareId === id)?.weight ?? "none"] as const);
  return JSON.stringify({ share: member.shareId, port: member.port, ...Object.fromEntries(weights) });
}

function ownedOf(
  { site, id: poolId }: { readonly site: string; readonly id: string },
  pool: Pick<SeenPool, "members" | "shares">,
  { replaces, shareId }: PoolShiftParameters,
): ObservedResource {
  const own = shareId === undefined;
  const shareIds = own ? [replaces.shareId] : shareId === replaces.shareId ? [] : [replaces.shareId, shareId];
  const target = { poolId, targetId: replaces.targetId, shareIds };
  return { site, kind: poolTargetKind, id: poolTargetId(target), version: poolTargetVersion(pool, target) };
}
