import type { SecurityGroup as AwsGroup, Filter } from "@aws-sdk/client-ec2";
import type { SecurityGroup, SecurityRule } from "../cloud-facets.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, items } from "./describe.ts";
import { type Keyed, makeOnce, specification } from "./made-once.ts";
import { SecurityRules } from "./security-rules.ts";
import { byKey, fromWire } from "./tags.ts";

export class SecurityGroups {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #rules: SecurityRules;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
    this.#rules = new SecurityRules(aws, view);
  }

  async *list(signal: AbortSignal): AsyncGenerator<SecurityGroup> {
    const subject = this.#subject("list security groups", "all");
    for await (const group of this.#groups([], subject, signal)) {
      yield toGroup(group, await this.#rules.of(group.GroupId ?? "", subject, signal));
    }
  }

  async create(
    input: Keyed & { description: string; virtualNetworkId: string; rules: readonly SecurityRule[] },
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("create security group", input.name);
    const group = await makeOnce(
      this.#view,
      subject,
      {
        find: () => Array.fromAsync(this.#groups([byKey(input.key)], subject, signal)),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateSecurityGroupCommand({
                GroupName: input.name,
                Description: input.description,
                VpcId: input.virtualNetworkId,
                TagSpecifications: [specification("security-group", input)],
              }),
            subject,
            signal,
          );
        },
        remove: ({ GroupId = "" }) => this.delete(GroupId, signal),
        idOf: ({ GroupId = "" }) => GroupId,
      },
      signal,
    );
    return this.setRules(group.GroupId ?? "", input.rules, signal);
  }

  async setRules(securityGroupId: string, rules: readonly SecurityRule[], signal: AbortSignal): Promise<SecurityGroup> {
    const subject = this.#subject("set security rules", securityGroupId);
    const group = await this.#view.onceShown(() => this.#group(securityGroupId, subject, signal), signal);
    return toGroup(group, await this.#rules.set(securityGroupId, rules, subject, signal));
  }

  async delete(securityGroupId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete security group", securityGroupId);
    const itself = [{ Name: "group-id", Values: [securityGroupId] }];
    await this.#view.removed(
      () =>
        this.#aws.ec2.send((sdk) => new sdk.DeleteSecurityGroupCommand({ GroupId: securityGroupId }), subject, signal),
      async () => (await Array.fromAsync(this.#groups(itself, subject, signal))).length > 0,
      subject,
      signal,
    );
  }

  #groups(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<AwsGroup> {
    return items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeSecurityGroupsCommand({ Filters: [...filters], MaxResults: 1_000, NextToken }),
          subject,
          signal,
        ),
      ({ SecurityGroups = [] }) => SecurityGroups,
    );
  }

  async #group(id: string, subject: Subject, signal: AbortSignal): Promise<AwsGroup> {
    for await (const group of this.#groups([{ Name: "group-id", Values: [id] }], subject, signal)) return group;
    throw notFound(subject, "there is no such security group");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("network", id) };
  }
}

function toGroup(group: AwsGroup, rules: readonly SecurityRule[]): SecurityGroup {
  const { GroupId = "", GroupName = "", VpcId = "", Tags } = group;
  return {
    securityGroupId: GroupId,
    name: GroupName,
    virtualNetworkId: VpcId,
    rules,
    tags: fromWire(Tags).tags,
  };
}
