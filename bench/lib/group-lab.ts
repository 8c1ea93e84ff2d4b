import { setTimeout as sleep } from "node:timers/promises";
import type { GroupPoint } from "../../src/domain/group-point.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type { ProtectionGroup } from "../../src/domain/protection.ts";
import type { ProtectVmParameters } from "../../src/domain/protection-plan.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import {
  deleteProtectionSignal,
  makePointSignal,
  protectionStandingQuery,
} from "../../src/workflows/protect-group/messages.ts";
import type { Site, StackLab } from "./stack-lab.ts";

const pollMs = 100;
const stuckMs = 1_200_000;
let planned = 0;

/** A protection group of the lab, whose rounds are made when they are asked for. */
export class GroupLab {
  readonly groupId: string;
  readonly #lab: StackLab;

  private constructor(lab: StackLab, groupId: string) {
    this.#lab = lab;
    this.groupId = groupId;
  }

  /** Plans and begins it as the API does; its first point is on its way then. */
  static async protect(
    lab: StackLab,
    vms: readonly string[],
    { from, to }: { from: Site; to: Site },
  ): Promise<GroupLab> {
    planned += 1;
    const planId = `g${planned}-${Date.now()}`;
    const asked = { rpoSeconds: 86_400, replicationIntervalSeconds: 43_200, backupIntervalSeconds: 43_200 };
    const policy = resolvePolicy({ primarySite: from, recoverySite: to, ...asked }, {});
    const args = [{ planId, outline: { name: planId, policy, vms } }];
    const plan: Plan = await lab.client.workflow.execute("planProtection", {
      taskQueue,
      workflowId: `plan/${planId}`,
      args,
    });
    // Before a first snapshot AWS does not say how much of a disk is written: the plan counts all of it.
    const failed = plan.checks.filter(({ check, result }) => result === "fail" && check !== "group-free-space");
    if (failed.length > 0) throw new Error(`The group can't be protected: ${JSON.stringify(failed.slice(0, 3))}`);
    const { name, policy: kept } = plan.inputs as unknown as Pick<ProtectionGroup, "name" | "policy">;
    const members = plan.actions.map(({ resource, parameters }) => {
      const member = parameters as unknown as ProtectVmParameters;
      const { position, name: vmName, planId: of, planVersion } = member;
      return { position, name: vmName, vmId: resource.id, tags: {}, planId: of, planVersion };
    });
    const groupId = `group-${planId}`;
    const workflowId = `protection/${groupId}`;
    await lab.store.protection.create({ groupId, name, workflowId, policy: kept, members, createdBy: "user/bench" });
    await lab.client.workflow.start("protectGroup", { taskQueue, workflowId, args: [{ groupId }] });
    return new GroupLab(lab, groupId);
  }

  /** The newest complete point, once there are so many. */
  async points(count: number): Promise<GroupPoint> {
    const { store } = this.#lab;
    for (const deadline = Date.now() + stuckMs; ; await sleep(pollMs)) {
      const { items } = await store.groupPoints.list(this.groupId, { limit: 50, state: "complete" });
      const newest = items.length >= count && items[0] ? await store.groupPoints.get(items[0].pointId) : undefined;
      if (newest) return newest;
      if (Date.now() > deadline) {
        const events = await store.protection.events(this.groupId, { limit: 5 });
        throw new Error(`The point did not come: ${JSON.stringify(events.items)}`);
      }
    }
  }

  async askForPoint(): Promise<void> {
    await this.#run().signal(makePointSignal);
  }

  /** Until all that follows a point is done, too: what it held is let go of, old points are cleaned. */
  async rests(): Promise<void> {
    for (const deadline = Date.now() + stuckMs; Date.now() < deadline; await sleep(pollMs)) {
      const { pointId } = await this.#run().query(protectionStandingQuery);
      if (pointId === undefined) return;
    }
    throw new Error("The round does not end.");
  }

  async end(): Promise<void> {
    await this.#run().signal(deleteProtectionSignal);
    await this.#run().result();
  }

  #run() {
    return this.#lab.client.workflow.getHandle(`protection/${this.groupId}`);
  }
}
