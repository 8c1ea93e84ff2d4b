import { resource } from "../ec2/default-network.ts";
import { accountId } from "../identity.ts";
import type { Queues } from "../sqs/queues.ts";
import type { EventBus } from "./bus.ts";

const name = "novacron-events";
const pattern = JSON.stringify({ source: ["aws.ec2", "aws.tag", "aws.autoscaling", "aws.elasticloadbalancing"] });
const letsEventsIn = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" }],
});

/** What an account's owner sets up once a region, so that its events reach NovaCron. */
export function setUpEvents({ bus, queues }: { bus: EventBus; queues: Queues }, region: string): void {
  const arn = `arn:aws:sqs:${region}:${accountId}:${name}`;
  const ruleId = `${region}/${name}`;
  if (!queues.queues.has(arn)) {
    queues.queues.put({ ...resource("sqs", region), id: arn, name, attributes: { Policy: letsEventsIn } });
  }
  if (bus.rules.has(ruleId)) return;
  bus.rules.put({
    ...resource("rule", region),
    ...{ id: ruleId, name, pattern, enabled: true, targets: [{ id: "novacron", arn }] },
  });
}
