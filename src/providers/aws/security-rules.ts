import type { IpPermission, SecurityGroupRule } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import type { SecurityRule } from "../cloud-facets.ts";
import type { Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, goneIsUndefined, items } from "./describe.ts";

/** What security groups let through. */
export class SecurityRules {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  async of(groupId: string, subject: Subject, signal: AbortSignal): Promise<SecurityRule[]> {
    return (await this.#list(groupId, subject, signal)).map(toRule);
  }

  /** Makes a group's rules exactly these: what is missing is added before what is too much goes. Returns what AWS then shows. */
  async set(
    securityGroupId: string,
    rules: readonly SecurityRule[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SecurityRule[]> {
    const seen = await this.#list(securityGroupId, subject, signal);
    const wanted = new Map(rules.map((rule) => [ruleKey(rule), rule]));
    const there = new Map(seen.map((rule) => [ruleKey(toRule(rule)), rule]));
    for (const [key, rule] of wanted) if (!there.has(key)) await this.#add(securityGroupId, rule, subject, signal);
    const extra = [...there].filter(([key]) => !wanted.has(key)).map(([, rule]) => rule);
    await this.#remove(securityGroupId, extra, subject, signal);
    const settled = await this.#view.shown(async () => {
      const now = await this.#list(securityGroupId, subject, signal);
      const same = now.length === wanted.size && now.every((rule) => wanted.has(ruleKey(toRule(rule))));
      return same ? now : undefined;
    }, signal);
    return (settled ?? (await this.#list(securityGroupId, subject, signal))).map(toRule);
  }

  async #add(GroupId: string, rule: SecurityRule, subject: Subject, signal: AbortSignal): Promise<void> {
    const IpPermissions = [toPermission(rule)];
    await this.#aws.ec2
      .send(
        (sdk) =>
          rule.direction === "ingress"
            ? new sdk.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions })
            : new sdk.AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions }),
        subject,
        signal,
      )
      .catch((error: unknown) => {
        // Another call has added it.
        if (!isProviderError(error, "Conflict")) throw error;
      });
  }

  async #remove(
    GroupId: string,
    rules: readonly SecurityGroupRule[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    for (const egress of [false, true]) {
      const SecurityGroupRuleIds = rules
        .filter(({ IsEgress }) => (IsEgress ?? false) === egress)
        .flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
      if (SecurityGroupRuleIds.length === 0) continue;
      await goneIsUndefined(
        this.#aws.ec2.send(
          (sdk) =>
            egress
              ? new sdk.RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds })
              : new sdk.RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds }),
          subject,
          signal,
        ),
      );
    }
  }

  #list(groupId: string, subject: Subject, signal: AbortSignal): Promise<SecurityGroupRule[]> {
    return Array.fromAsync(
      items(
        (NextToken) =>
          this.#aws.ec2.send(
            (sdk) =>
              new sdk.DescribeSecurityGroupRulesCommand({
                Filters: [{ Name: "group-id", Values: [groupId] }],
                MaxResults: 1_000,
                NextToken,
              }),
            subject,
            signal,
          ),
        ({ SecurityGroupRules = [] }) => SecurityGroupRules,
      ),
    );
  }
}

function toPermission({ protocol, fromPort, toPort, peer, description }: SecurityRule): IpPermission {
  const Description = description;
  // ICMP's "ports" are its type and code; -1 is all of them.
  const [from, to] = protocol === "icmp" ? [fromPort ?? -1, toPort ?? -1] : [fromPort ?? 0, toPort ?? 65_535];
  const target = peer.startsWith("sg-")
    ? { UserIdGroupPairs: [{ GroupId: peer, Description }] }
    : peer.includes(":")
      ? { Ipv6Ranges: [{ CidrIpv6: peer, Description }] }
      : { IpRanges: [{ CidrIp: peer, Description }] };
  return {
    IpProtocol: protocol === "all" ? "-1" : protocol,
    ...(protocol !== "all" && { FromPort: from, ToPort: to }),
    ...target,
  };
}

function toRule(rule: SecurityGroupRule): SecurityRule {
  const { IsEgress, IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo } = rule;
  const protocol = protocolOf(IpProtocol ?? "-1");
  const all = protocol === "all" || FromPort === undefined || FromPort === -1 || (FromPort === 0 && ToPort === 65_535);
  return {
    direction: IsEgress ? "egress" : "ingress",
    protocol,
    ...(!all && { fromPort: FromPort, ...(ToPort !== undefined && { toPort: ToPort }) }),
    peer: CidrIpv4 ?? CidrIpv6 ?? ReferencedGroupInfo?.GroupId ?? PrefixListId ?? "",
    ...(rule.Description && { description: rule.Description }),
  };
}

function protocolOf(name: string): SecurityRule["protocol"] {
  const known: Readonly<Record<string, SecurityRule["protocol"]>> = {
    "6": "tcp",
    tcp: "tcp",
    "17": "udp",
    udp: "udp",
    "1": "icmp",
    icmp: "icmp",
    icmpv6: "icmp",
  };
  return known[name] ?? "all";
}

/** Two rules that let the same through are one to AWS, whatever they say of themselves. */
function ruleKey({ direction, protocol, fromPort, toPort, peer }: SecurityRule): string {
  return [direction, protocol, fromPort ?? "all", toPort ?? fromPort ?? "all", peer].join(" ");
}
