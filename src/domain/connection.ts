import type { DeviceKind } from "./devices/device.ts";
import type { IpsecParameters } from "./ipsec.ts";

/** An encrypted connection between the networks of two sites, by tunnels that stand in for each other. */

export const connectionStates = [
  "connecting",
  "waiting",
  "connected",
  "rotating",
  "drilling",
  "undoing",
  "failed",
  "disconnecting",
  "disconnected",
] as const;
export type ConnectionState = (typeof connectionStates)[number];

/** Tunnels of one connection. */
export const tunnelsEach = 2;

/** What a site's gateway says of itself. */
export interface GatewayView {
  /** Where tunnels may end, each on a path of its own where there are several. */
  readonly addresses: readonly string[];
  /** What lies behind it, and is reached through tunnels. */
  readonly networks: readonly string[];
  /** An address behind it that answers pings. */
  readonly probeAddress?: string;
}

export interface ConnectionEnd extends GatewayView {
  /** The site, or the name of the device. */
  readonly site: string;
  /** A person configures this end. */
  readonly device?: DeviceKind;
}

/** A device of others as the far end. */
export interface FarDevice extends GatewayView {
  readonly name: string;
  readonly kind: DeviceKind;
}

/** One tunnel as both ends are told of it. */
export interface PlannedTunnel {
  /** From 0. */
  readonly index: number;
  readonly nearAddress: string;
  readonly farAddress: string;
}

/** All that both ends need, but for the keys: those are made from a secret of the configuration when they are needed. */
export interface ConnectionPlan {
  readonly near: ConnectionEnd;
  readonly far: ConnectionEnd;
  readonly parameters: IpsecParameters;
  readonly tunnels: readonly PlannedTunnel[];
  /** No address of either end is used twice, so that no single link takes both tunnels. */
  readonly separatePaths: boolean;
}

/** What was seen of a connection last. */
export interface ConnectionSight {
  readonly at: string;
  /** Whether traffic can pass by each tunnel. */
  readonly up: readonly boolean[];
  /** From the near end through the tunnels and back; absent where the far end has no address that answers. */
  readonly path?: PathSight;
  /** Why it counts as degraded; absent where it does not. */
  readonly degraded?: string;
}

/** What was found when each tunnel was taken down in its turn. */
export interface ConnectionDrill {
  readonly at: string;
  /** Traffic went on by the other tunnel each time, and all are set again. */
  readonly passed: boolean;
  readonly tunnels: readonly DrilledTunnel[];
}

export interface DrilledTunnel {
  readonly index: number;
  /** Why nothing went through while it was down. */
  readonly failure?: string;
  readonly notSetAgain?: string;
}

export interface PathSight {
  /** From 0 to 1. */
  readonly lossRatio: number;
  /** Absent where nothing came back. */
  readonly roundTripMs?: number;
  readonly jitterMs?: number;
}

/** More lost packets than that and a path counts as degraded. */
const mostLoss = 0.02;

/** Why a connection counts as degraded; undefined while all of it is well. */
export function whyDegraded(
  { up, path }: Pick<ConnectionSight, "up" | "path">,
  latencyTargetMs: number | undefined,
): string | undefined {
  const down = up.filter((each) => !each).length;
  if (down === up.length) return "no tunnel is up";
  if (path && path.lossRatio === 1) return "nothing comes back through the tunnels";
  if (path && path.lossRatio > mostLoss) return `${Math.round(path.lossRatio * 100)} % of packets are lost`;
  if (path?.roundTripMs !== undefined && latencyTargetMs !== undefined && path.roundTripMs > latencyTargetMs) {
    return `a round trip takes ${path.roundTripMs} ms, and ${latencyTargetMs} ms is the target`;
  }
  return down > 0 ? `${down} of ${up.length} tunnels is down` : undefined;
}

export interface ConnectionProblem {
  readonly code: string;
  readonly message: string;
  /** What could not be taken away again. */
  readonly leftBehind?: readonly { readonly resource: string; readonly remove: string; readonly reason: string }[];
}

export interface Connection {
  readonly connectionId: string;
  readonly near: string;
  /** A site, or the name of {@link device}. */
  readonly far: string;
  /** Present where a person configures the far end. */
  readonly device?: FarDevice;
  readonly state: ConnectionState;
  /** Of the keys; one more with each rotation. */
  readonly generation: number;
  /** Absent until both ends were asked. */
  readonly plan?: ConnectionPlan;
  readonly problem?: ConnectionProblem;
  /** When keys were made last. */
  readonly keysAt?: string;
  readonly seen?: ConnectionSight;
  /** The last one. */
  readonly drill?: ConnectionDrill;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

/** Whether a connection is due for a drill: so long after the last one, or after its keys were made. */
export function isDrillDue(
  { drill, keysAt, plan }: Pick<Connection, "drill" | "keysAt" | "plan">,
  everyMs: number | undefined,
  nowMs: number,
): boolean {
  const since = drill?.at ?? keysAt;
  if (everyMs === undefined || since === undefined || !canBeDrilled(plan)) return false;
  return nowMs - Date.parse(since) >= everyMs;
}

/** Only what can be proven without a tunnel is taken down for a drill. */
export function canBeDrilled(plan: ConnectionPlan | undefined): boolean {
  if (plan?.far.probeAddress === undefined) return false;
  return plan.far.device !== undefined || plan.near.probeAddress !== undefined;
}

export function connectionWorkflowId(connectionId: string): string {
  return `connection/${connectionId}`;
}

/** The name of one tunnel with the keys of one generation, at both ends. */
export function tunnelName(connectionId: string, index: number, generation: number): string {
  return `novacron-${connectionId}-${index}-g${generation}`;
}

/** The connection, tunnel and generation that a name is of; undefined for names of others. */
export function readTunnelName(
  name: string,
): { readonly connectionId: string; readonly index: number; readonly generation: number } | undefined {
  const [, connectionId, index, generation] = /^novacron-(.+)-(\d+)-g(\d+)$/.exec(name) ?? [];
  if (connectionId === undefined) return undefined;
  return { connectionId, index: Number(index), generation: Number(generation) };
}

/** As many tunnels as there are to be, over paths that share as little as the addresses allow. */
export function planTunnels(near: GatewayView, far: GatewayView): PlannedTunnel[] {
  return Array.from({ length: tunnelsEach }, (_, index) => ({
    index,
    nearAddress: near.addresses[index % near.addresses.length] ?? "",
    farAddress: far.addresses[index % far.addresses.length] ?? "",
  }));
}

export function haveSeparatePaths(tunnels: readonly PlannedTunnel[]): boolean {
  return (["nearAddress", "farAddress"] as const).every(
    (end) => new Set(tunnels.map((tunnel) => tunnel[end])).size === tunnels.length,
  );
}
