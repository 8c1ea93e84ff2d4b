import {
  type Connection,
  type ConnectionPlan,
  type ConnectionState,
  type FarDevice,
  tunnelName,
} from "../domain/connection.ts";
import type { DeviceConfig } from "../domain/devices/device.ts";
import { deviceConfig } from "../domain/devices/index.ts";
import { ProblemError } from "./problem.ts";
import type { Access } from "./route.ts";
import { type ApiContext, configuredSite, notFound, requireReach } from "./routes/context.ts";
import { startRegistered } from "./start-registered.ts";

type Starting = Pick<ApiContext, "store" | "runs" | "log">;

export interface ConnectionWish {
  readonly near: string;
  /** A site, or the device's name. */
  readonly far: string;
  readonly device?: FarDevice;
}

/** What both ends would be told. @throws ProblemError NotFound, InvalidInput, and whatever keeps the two apart. */
export async function previewConnection(
  context: ApiContext,
  access: Access,
  wish: ConnectionWish,
): Promise<ConnectionPlan> {
  requireTwoSites(context, access, wish);
  return context.runs.previewConnection(wish);
}

/** Registers the connection, then starts its run. */
export async function connect(
  context: ApiContext,
  access: Access,
  { connectionId, createdBy, ...wish }: ConnectionWish & { readonly connectionId: string; readonly createdBy: string },
): Promise<Connection> {
  requireTwoSites(context, access, wish);
  const { store, runs } = context;
  await store.connections.create({ connectionId, ...wish, createdBy });
  await startRegistered(
    context,
    { what: "a connection", connectionId },
    () => runs.connectSites(connectionId, summaryOf(wish)),
    {
      failed: ({ state, problem, endedAt }) => store.connections.update(connectionId, { state, problem, endedAt }),
    },
  );
  return knownConnection(context, access, connectionId);
}

/** Moves it to a state in which one run works on it, and starts that; where it can't be started, it is as it was.
 *  @throws ProblemError Conflict while something else goes on. */
export async function order(
  context: ApiContext,
  access: Access,
  connectionId: string,
  { from, to }: { readonly from: readonly ConnectionState[]; readonly to: "disconnecting" | "rotating" | "drilling" },
): Promise<Connection> {
  const { store } = context;
  const before = await knownConnection(context, access, connectionId);
  if (!(await store.connections.move(connectionId, from, to))) {
    throw new ProblemError("Conflict", {
      detail: `Connection ${connectionId} is ${before.state}`,
      action: `It can be ordered while it is ${from.join(" or ")}; GET /v1/connections/{id} says how it stands.`,
      resource: `connection/${connectionId}`,
    });
  }
  await startRegistered(
    context,
    { what: `a connection's run (${to})`, connectionId },
    () => startRun(context, { ...before, state: to }),
    { failed: () => store.connections.move(connectionId, [to], before.state) },
  );
  return knownConnection(context, access, connectionId);
}

/** Starts the runs of what was registered by a process which could not start them any more. Starting one that runs already
 *  changes nothing. */
export async function startLeftOverConnections(context: Starting, olderThanMs: number): Promise<void> {
  if (await context.store.guard.frozen()) return;
  for (const connection of await context.store.connections.underWay(olderThanMs)) await startRun(context, connection);
}

function startRun({ runs }: Pick<Starting, "runs">, connection: Connection): Promise<void> {
  const { connectionId, state, generation } = connection;
  const summary = summaryOf(connection);
  if (state === "disconnecting") return runs.disconnectSites(connectionId, summary);
  if (state === "drilling") return runs.drillConnection(connectionId, summary);
  if (state === "rotating") return runs.rotateTunnelKeys(connectionId, generation + 1, summary);
  return runs.connectSites(connectionId, summary);
}

/** @throws ProblemError NotFound, also for what the caller does not reach. */
export async function knownConnection(
  { store }: Pick<ApiContext, "store">,
  access: Access,
  connectionId: string,
): Promise<Connection> {
  const found = await store.connections.get(connectionId);
  if (found && access.covers(found.device ? { site: found.near } : [{ site: found.near }, { site: found.far }]))
    return found;
  throw notFound("connection", connectionId, "GET /v1/connections lists those that you reach.");
}

function requireTwoSites(context: ApiContext, access: Access, { near, far, device }: ConnectionWish): void {
  const sites = device ? [near] : [near, far];
  requireReach(
    access,
    sites.map((site) => ({ site })),
  );
  for (const site of sites) configuredSite(context, access, site, "whole");
  if (device && context.sites.some(({ site }) => site === far)) {
    throw new ProblemError("InvalidInput", {
      detail: `${far} is a site, and the device would have its name`,
      action: "Name the device otherwise, or connect the site.",
    });
  }
  if (near !== far) return;
  throw new ProblemError("InvalidInput", {
    detail: "A connection is between two sites",
    action: "Name two sites.",
  });
}

/** What the far device is to be told, with its keys. @throws ProblemError Conflict where the far end is none, or was not planned. */
export async function configForDevice(
  context: ApiContext,
  access: Access,
  connectionId: string,
): Promise<DeviceConfig> {
  const { plan, device, generation, state } = await knownConnection(context, access, connectionId);
  const { tunnelKey } = context;
  if (!plan || !device || !tunnelKey) {
    throw new ProblemError("Conflict", {
      detail: device
        ? `Connection ${connectionId} is ${state}`
        : `Both ends of connection ${connectionId} are set by NovaCron`,
      action: device ? "Wait until it is waiting for the device." : "Nothing has to be done by hand.",
      resource: `connection/${connectionId}`,
    });
  }
  const { near, far, parameters } = plan;
  const tunnels = await Promise.all(
    plan.tunnels.map(async ({ index, nearAddress, farAddress }) => {
      const name = tunnelName(connectionId, index, generation);
      const ids = { id: `${name}-far`, peerId: `${name}-near` };
      return { index, address: farAddress, peerAddress: nearAddress, ...ids, key: await tunnelKey(name) };
    }),
  );
  return deviceConfig(device.kind, { parameters, networks: far.networks, peerNetworks: near.networks, tunnels });
}

function summaryOf({ near, far }: ConnectionWish): string {
  return `Connection ${near} ↔ ${far}`;
}
