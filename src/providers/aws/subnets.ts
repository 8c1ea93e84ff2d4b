import type { Subject } from "../failures.ts";
import type { Network } from "../provider.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { type Keyed, makeOnce, specification } from "./made-once.ts";
import { toNetwork } from "./network.ts";
import { byKey } from "./tags.ts";

export class Subnets {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  async create(
    input: Keyed & { virtualNetworkId: string; cidr: string; zone?: string },
    signal: AbortSignal,
  ): Promise<Network> {
    const subject = this.#subject("create subnet", input.name);
    return makeOnce(
      this.#view,
      subject,
      {
        find: async () =>
          (await Array.fromAsync(this.#view.subnets([byKey(input.key)], subject, signal))).map((subnet) =>
            toNetwork(subnet),
          ),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateSubnetCommand({
                VpcId: input.virtualNetworkId,
                CidrBlock: input.cidr,
                ...(input.zone !== undefined && { AvailabilityZone: input.zone }),
                TagSpecifications: [specification("subnet", input)],
              }),
            subject,
            signal,
          );
        },
        remove: ({ networkId }) => this.delete(networkId, signal),
        idOf: ({ networkId }) => networkId,
      },
      signal,
    );
  }

  async delete(networkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete subnet", networkId);
    const itself = [{ Name: "subnet-id", Values: [networkId] }];
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteSubnetCommand({ SubnetId: networkId }), subject, signal),
      async () => (await Array.fromAsync(this.#view.subnets(itself, subject, signal))).length > 0,
      subject,
      signal,
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("network", id) };
  }
}
