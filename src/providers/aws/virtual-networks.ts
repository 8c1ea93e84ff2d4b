import type { Filter } from "@aws-sdk/client-ec2";
import type { VirtualNetwork } from "../cloud-facets.ts";
import { conflict, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, items } from "./describe.ts";
import { InternetGateways } from "./internet-gateways.ts";
import { type Keyed, makeOnce, specification } from "./made-once.ts";
import { byKey, fromWire } from "./tags.ts";

/** VPCs, with the gateway that leads out of one. */
export class VirtualNetworks {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #gateways: InternetGateways;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
    this.#gateways = new InternetGateways(aws, view);
  }

  async *list(signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    yield* await this.#vpcs([], this.#subject("list VPCs", "all"), signal);
  }

  async create(input: Keyed & { cidr: string; internet: boolean }, signal: AbortSignal): Promise<VirtualNetwork> {
    const subject = this.#subject("create VPC", input.name);
    const vpc = await makeOnce(
      this.#view,
      subject,
      {
        find: () => this.#vpcs([byKey(input.key)], subject, signal),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateVpcCommand({ CidrBlock: input.cidr, TagSpecifications: [specification("vpc", input)] }),
            subject,
            signal,
          );
        },
        remove: ({ virtualNetworkId }) => this.delete(virtualNetworkId, signal),
        idOf: ({ virtualNetworkId }) => virtualNetworkId,
      },
      signal,
    );
    if (input.internet) await this.#gateways.open(vpc.virtualNetworkId, input, subject, signal);
    return vpc;
  }

  async delete(virtualNetworkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VPC", virtualNetworkId);
    // Asked first: its gateway must not be gone when it then can't be deleted.
    const inIt = { Name: "vpc-id", Values: [virtualNetworkId] };
    for await (const { SubnetId } of this.#view.subnets([inIt], subject, signal)) {
      throw conflict(subject, `subnet ${SubnetId} lies in it`, "Delete its subnets first.");
    }
    await this.#gateways.removeOurs(virtualNetworkId, subject, signal);
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteVpcCommand({ VpcId: virtualNetworkId }), subject, signal),
      async () => (await this.#vpcs([inIt], subject, signal)).length > 0,
      subject,
      signal,
    );
  }

  async #vpcs(filters: readonly Filter[], subject: Subject, signal: AbortSignal): Promise<VirtualNetwork[]> {
    const found = items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeVpcsCommand({ Filters: [...filters], MaxResults: 1_000, NextToken }),
          subject,
          signal,
        ),
      ({ Vpcs = [] }) => Vpcs,
    );
    return Array.fromAsync(found, ({ VpcId = "", Tags, IsDefault, CidrBlock, CidrBlockAssociationSet = [] }) => {
      const { tags, notes } = fromWire(Tags);
      const cidrs = new Set([CidrBlock, ...CidrBlockAssociationSet.map((other) => other.CidrBlock)]);
      return {
        virtualNetworkId: VpcId,
        name: notes.name ?? VpcId,
        cidrs: [...cidrs].filter((cidr) => cidr !== undefined),
        isDefault: IsDefault ?? false,
        tags,
      };
    });
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("network", id) };
  }
}
