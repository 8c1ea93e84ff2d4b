import { randomUUID } from "node:crypto";
import type { AwsCloud } from "../cloud.ts";
import { accountId } from "../identity.ts";
import { statementsOf } from "../policies.ts";
import type { Queues } from "../sqs/queues.ts";
import type { Resource } from "../state.ts";
import { matchesPattern } from "./pattern.ts";

/** Of the default bus; its id is `region/name`. */
export interface Rule extends Resource {
  readonly name: string;
  readonly pattern: string;
  readonly enabled: boolean;
  readonly targets: readonly { readonly id: string; readonly arn: string }[];
}

/** The default bus of each region, with queues as targets. */
export class EventBus {
  readonly #cloud: AwsCloud;
  readonly #queues: Queues;

  constructor(cloud: AwsCloud, queues: Queues) {
    this.#cloud = cloud;
    this.#queues = queues;
  }

  get rules() {
    return this.#cloud.documents.table<Rule>("event-rule");
  }

  put(region: string, about: { source: string; type: string; resources?: readonly string[]; detail: object }): void {
    const rules = this.rules.where((rule) => rule.region === region && rule.enabled);
    if (rules.length === 0) return;
    const event = {
      version: "0",
      id: randomUUID(),
      "detail-type": about.type,
      source: about.source,
      account: accountId,
      time: `${new Date().toISOString().slice(0, 19)}Z`,
      region,
      resources: about.resources ?? [],
      detail: about.detail,
    };
    const body = JSON.stringify(event);
    for (const { pattern, targets } of rules.filter((rule) => matchesPattern(rule.pattern, event))) {
      for (const { arn } of targets) {
        const queue = this.#queues.queues.get(arn);
        // A queue that doesn't let EventBridge in gets nothing, and nobody is told.
        if (queue && letsEventsIn(queue.attributes.Policy)) this.#queues.send(queue, body);
        else this.#cloud.parts.log("An event found no way into its target", { arn, pattern });
      }
    }
  }
}

function letsEventsIn(policy: string | undefined): boolean {
  return (
    policy !== undefined &&
    statementsOf(policy).some(({ Effect, Principal }) => {
      const service = (Principal as { Service?: string | readonly string[] } | undefined)?.Service;
      return Effect === "Allow" && [service].flat().includes("events.amazonaws.com");
    })
  );
}
