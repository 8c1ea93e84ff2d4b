import type * as events from "@aws-sdk/client-eventbridge";
import type { Call } from "../cloud.ts";
import { resource } from "../ec2/default-network.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { EventBus, Rule } from "./bus.ts";
import { parsePattern } from "./pattern.ts";

/** EventBridge: rules with patterns, on the default bus. */
export function eventOperations({ rules }: EventBus) {
  const keyOf = (call: Call, name: string | undefined) => `${call.region}/${name ?? ""}`;
  const find = (call: Call, name: string | undefined): Rule => {
    const rule = rules.get(keyOf(call, name));
    if (!rule) throw new AwsError("ResourceNotFoundException", `Rule ${name} does not exist on EventBus default.`);
    return rule;
  };
  const arnOf = ({ region, name }: Rule) => `arn:aws:events:${region}:${accountId}:rule/${name}`;

  return {
    PutRule: (call: Call, input: events.PutRuleRequest): events.PutRuleResponse => {
      const { Name: name = "", EventPattern: pattern, ScheduleExpression, State } = input;
      if (pattern === undefined || ScheduleExpression !== undefined) {
        throw new AwsError("ValidationException", "Simulated: rules here have an EventPattern and no schedule");
      }
      parsePattern(pattern);
      const known = rules.get(keyOf(call, name));
      const enabled = State !== "DISABLED";
      const fresh = { ...resource("rule", call.region), id: keyOf(call, name), name, targets: [] };
      return { RuleArn: arnOf(rules.put({ ...fresh, ...known, pattern, enabled })) };
    },
    PutTargets: (call: Call, input: events.PutTargetsRequest): events.PutTargetsResponse => {
      const rule = find(call, input.Rule);
      const added = (input.Targets ?? []).map(({ Id: id = "", Arn: arn = "" }) => ({ id, arn }));
      const other = added.find(({ arn }) => !arn.startsWith("arn:aws:sqs:"));
      if (other) throw new AwsError("ValidationException", `Simulated: targets here are queues, not ${other.arn}`);
      const kept = rule.targets.filter(({ id }) => !added.some((target) => target.id === id));
      rules.put({ ...rule, targets: [...kept, ...added] });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    ListTargetsByRule: (call: Call, input: events.ListTargetsByRuleRequest): events.ListTargetsByRuleResponse => ({
      Targets: find(call, input.Rule).targets.map(({ id, arn }) => ({ Id: id, Arn: arn })),
    }),
    RemoveTargets: (call: Call, input: events.RemoveTargetsRequest): events.RemoveTargetsResponse => {
      const rule = find(call, input.Rule);
      rules.put({ ...rule, targets: rule.targets.filter(({ id }) => !input.Ids?.includes(id)) });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    DeleteRule: (call: Call, input: events.DeleteRuleRequest): object => {
      const rule = rules.get(keyOf(call, input.Name));
      if (rule && rule.targets.length > 0)
        throw new AwsError("ValidationException", "Rule can't be deleted since it has targets.");
      if (rule) rules.delete(rule.id);
      return {};
    },
  };
}
