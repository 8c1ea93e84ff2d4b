import { setTimeout as sleep } from "node:timers/promises";
import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { notFound, unprocessable } from "./errors.ts";
import { nextNumber, timestamp } from "./ids.ts";
import { describeRegion } from "./places.ts";
import type { Action } from "./state.ts";

interface Begun {
  readonly type: string;
  readonly resourceType: Action["resourceType"];
  readonly resourceId: string;
  readonly region: string;
}

/** Long-running operations: a call that changes something is answered with one of these, which tells later how it ended. */
export class Actions {
  readonly #cloud: DigitalOceanCloud;

  constructor(cloud: DigitalOceanCloud) {
    this.#cloud = cloud;
    const { actions } = cloud.tables;
    // What an ended process had begun is not gone on with.
    for (const { id } of actions.where(({ status }) => status === "in-progress")) {
      actions.change(id, { status: "errored", completedAt: Date.now() });
    }
  }

  /** @throws DigitalOceanError while another one is under way. */
  refusePending(dropletId: string): void {
    const pending = this.#cloud.tables.actions.find(
      ({ resourceType, resourceId, status }) =>
        resourceType === "droplet" && resourceId === dropletId && status === "in-progress",
    );
    if (pending) throw unprocessable("Droplet already has a pending event.");
  }

  /** Notes it and begins it; that the work fails ends it `errored`. */
  start(begun: Begun, work: () => Promise<void>): Action {
    const { tables, settings } = this.#cloud;
    const startedAt = Date.now();
    const action = tables.actions.put({ id: nextNumber(tables), ...begun, status: "in-progress", startedAt });
    this.#cloud.inBackground(`end action ${action.id}`, async () => {
      let status: Action["status"] = "completed";
      try {
        await work();
      } catch (error) {
        status = "errored";
        if (!(error instanceof NotDone)) this.#cloud.log("An action failed unexpectedly", { type: begun.type, error });
      }
      const left = startedAt + settings.actionMs - Date.now();
      if (left > 0) await sleep(left);
      tables.actions.change(action.id, { status, completedAt: Date.now() });
    });
    return action;
  }

  of(dropletId: string): Action[] {
    return this.#cloud.tables.actions
      .where(({ resourceType, resourceId }) => resourceType === "droplet" && resourceId === dropletId)
      .reverse();
  }

  describe(action: Action): object {
    const { id, type, status, startedAt, completedAt, resourceId, resourceType, region } = action;
    return {
      id: Number(id),
      status,
      type,
      started_at: timestamp(startedAt),
      completed_at: completedAt === undefined ? null : timestamp(completedAt),
      resource_id: resourceType === "volume" ? null : toNumber(resourceId),
      resource_type: resourceType === "volume" ? "backend" : resourceType,
      region: describeRegion(region),
      region_slug: region,
    };
  }

  handlers(): Handlers {
    const { actions, droplets } = this.#cloud.tables;
    const find = (id: string | undefined): Action => {
      const action = actions.get(id ?? "");
      if (!action) throw notFound();
      return action;
    };
    return {
      actions_get: ({ path }) => ({ action: this.describe(find(path.action_id)) }),
      actions_list: () => ({
        member: "actions",
        all: [...actions.values()].reverse().map((one) => this.describe(one)),
      }),
      dropletActions_get: ({ path }) => ({ action: this.describe(find(path.action_id)) }),
      dropletActions_list: ({ path }) => {
        const { droplet_id: id = "" } = path;
        if (!droplets.has(id)) throw notFound();
        return { member: "actions", all: this.of(id).map((one) => this.describe(one)) };
      },
    };
  }
}

/** What an action was to do could not be done, which is no fault of the simulation's. */
export class NotDone extends Error {}

/** A reserved IP counts by its address as a number. */
function toNumber(id: string): number {
  return id.includes(".") ? id.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) : Number(id);
}
