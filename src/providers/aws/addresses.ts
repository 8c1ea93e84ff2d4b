import type { Filter } from "@aws-sdk/client-ec2";
import type { Address } from "../cloud-facets.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, goneIsUndefined } from "./describe.ts";
import { type Keyed, makeOnce, specification } from "./made-once.ts";
import { byKey, fromWire } from "./tags.ts";

/** Elastic IPs. */
export class Addresses {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  async *list(signal: AbortSignal): AsyncGenerator<Address> {
    yield* await this.#addresses([], this.#subject("list addresses", "all"), signal);
  }

  async allocate(input: Keyed, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("allocate address", input.name);
    return makeOnce(
      this.#view,
      subject,
      {
        find: () => this.#addresses([byKey(input.key)], subject, signal),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.AllocateAddressCommand({
                Domain: "vpc",
                TagSpecifications: [specification("elastic-ip", input)],
              }),
            subject,
            signal,
          );
        },
        remove: ({ addressId }) => this.release(addressId, signal),
        idOf: ({ addressId }) => addressId,
      },
      signal,
    );
  }

  async associate(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("associate address", addressId);
    const before = await this.#address(addressId, subject, signal);
    if (before.vmId === vmId) return before;
    if (vmId === undefined) await this.#disassociate(addressId, subject, signal);
    else {
      await this.#aws.ec2.send(
        (sdk) =>
          new sdk.AssociateAddressCommand({ AllocationId: addressId, InstanceId: vmId, AllowReassociation: true }),
        subject,
        signal,
      );
    }
    const after = await this.#view.shown(async () => {
      const seen = await this.#address(addressId, subject, signal);
      return seen.vmId === vmId ? seen : undefined;
    }, signal);
    return after ?? before;
  }

  async release(addressId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release address", addressId);
    const itself = [{ Name: "allocation-id", Values: [addressId] }];
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.ReleaseAddressCommand({ AllocationId: addressId }), subject, signal),
      async () => (await this.#addresses(itself, subject, signal)).length > 0,
      subject,
      signal,
    );
  }

  async #addresses(filters: readonly Filter[], subject: Subject, signal: AbortSignal): Promise<Address[]> {
    const { Addresses = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeAddressesCommand({ Filters: [...filters] }),
      subject,
      signal,
    );
    return Addresses.map(({ AllocationId = "", PublicIp = "", InstanceId, Tags }) => ({
      addressId: AllocationId,
      address: PublicIp,
      ...(InstanceId && { vmId: InstanceId }),
      tags: fromWire(Tags).tags,
    }));
  }

  async #address(addressId: string, subject: Subject, signal: AbortSignal): Promise<Address> {
    const [found] = await this.#addresses([{ Name: "allocation-id", Values: [addressId] }], subject, signal);
    if (found) return found;
    throw notFound(subject, "there is no such address");
  }

  async #disassociate(addressId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { Addresses = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeAddressesCommand({ AllocationIds: [addressId] }),
      subject,
      signal,
    );
    const AssociationId = Addresses[0]?.AssociationId;
    if (AssociationId === undefined) return;
    await goneIsUndefined(
      this.#aws.ec2.send((sdk) => new sdk.DisassociateAddressCommand({ AssociationId }), subject, signal),
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("network", id) };
  }
}
