import * as z from "zod";
import type { CloudAdmin } from "../cloud/admin.ts";
import { HttpFront } from "../cloud/http-front.ts";
import { Actions } from "./actions.ts";
import { BlockVolumes } from "./block-volumes.ts";
import type { Call, Handlers } from "./call.ts";
import { catalogueHandlers } from "./catalogue.ts";
import { census } from "./census.ts";
import { DigitalOceanCloud, type DigitalOceanParts } from "./cloud.ts";
import { dropletHandlers, endDroplet } from "./droplets.ts";
import { firewallHandlers } from "./firewalls.ts";
import { Gateway } from "./gateway.ts";
import { Images } from "./images.ts";
import { Machines } from "./machines.ts";
import { defaultRegion } from "./places.ts";
import { reservedIpHandlers } from "./reserved-ips.ts";
import { tagHandlers } from "./tags.ts";
import { volumeHandlers } from "./volumes.ts";
import { ensureDefaultVpcs, vpcHandlers } from "./vpcs.ts";

/** A running simulated DigitalOcean. */
export interface RunningDigitalOcean {
  readonly cloud: DigitalOceanCloud;
  readonly front: HttpFront;
  readonly port: number;
  readonly endpoint: string;
  readonly region: string;
  readonly token: string;
  readonly admin: CloudAdmin;
  /** Powers the guests off (they start again with the next sandbox) and ends. */
  stop(): Promise<void>;
}

/** Starts it on a port of 127.0.0.1 (0: any), with everything as an earlier process left it. */
export async function startDigitalOcean(parts: DigitalOceanParts, port: number): Promise<RunningDigitalOcean> {
  const cloud = new DigitalOceanCloud(parts);
  const actions = new Actions(cloud);
  const images = new Images(cloud);
  const volumes = new BlockVolumes(cloud);
  const machines = new Machines(cloud, volumes);
  ensureDefaultVpcs(cloud);
  cloud.guests.adopt();
  cloud.helpers.adopt();
  await volumes.reconcile();
  const droplets = dropletHandlers({ cloud, actions, images, machines });
  const changed = () => machines.refresh();
  const handlers: Handlers = {
    ...catalogueHandlers(cloud),
    ...actions.handlers(),
    ...images.handlers(),
    ...droplets,
    ...volumeHandlers({ cloud, actions, volumes, machines }),
    ...vpcHandlers(cloud),
    ...firewallHandlers(cloud, changed),
    ...reservedIpHandlers({ cloud, actions, changed, describeDroplet: (id) => shown(droplets, id) }),
    ...tagHandlers(cloud, changed),
  };
  const gateway = new Gateway(cloud, handlers);
  const front = new HttpFront((request) => gateway.handle(request));
  const listening = await front.listen(port);
  cloud.endpoint = `http://127.0.0.1:${listening}`;
  for (const { id } of cloud.tables.droplets.where(({ destroyed }) => destroyed === true)) {
    cloud.inBackground(`destroy droplet ${id}`, () => endDroplet({ cloud, actions, images, machines }, id));
  }
  machines.resume();
  return {
    cloud,
    front,
    port: listening,
    endpoint: cloud.endpoint,
    region: defaultRegion,
    token: cloud.token,
    admin: {
      name: "digitalocean",
      faults: cloud.faults,
      front,
      settings: () => cloud.settings,
      changeSettings: (change) => cloud.changeSettings(change),
      census: () => census(cloud),
      makeSample: (order) => z.never({ error: "this cloud makes no samples" }).parse(order),
      crash: (id) => machines.crash(id),
    },
    async stop() {
      await front.close();
      await machines.suspendAll();
      await cloud.settled();
      await cloud.close();
    },
  };
}

/** Null while it is being destroyed. */
function shown(droplets: Handlers, id: string): object | null {
  const call: Call = { operation: "droplets_get", path: { droplet_id: id }, query: {}, body: {} };
  try {
    const answer = droplets.droplets_get?.(call) as { readonly droplet: object } | undefined;
    return answer?.droplet ?? null;
  } catch {
    return null;
  }
}
