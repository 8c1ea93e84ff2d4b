import type { Filter } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, goneIsUndefined } from "./describe.ts";
import { type Keyed, makeOnce, specification } from "./made-once.ts";
import { byKey, managedOnly } from "./tags.ts";

/** The internet gateways of the VPCs that we make, and the main route table's way to them. */
export class InternetGateways {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  /** Gives a VPC one, and the main route table's default route to it. */
  async open(vpcId: string, input: Keyed, subject: Subject, signal: AbortSignal): Promise<void> {
    const gateway = await makeOnce(
      this.#view,
      subject,
      {
        find: () => this.#list([byKey(input.key)], subject, signal),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateInternetGatewayCommand({ TagSpecifications: [specification("internet-gateway", input)] }),
            subject,
            signal,
          );
        },
        remove: (extra) => this.#delete(extra, subject, signal),
        idOf: (id) => id,
      },
      signal,
    );
    await this.#aws.ec2
      .send(
        (sdk) => new sdk.AttachInternetGatewayCommand({ InternetGatewayId: gateway, VpcId: vpcId }),
        subject,
        signal,
      )
      .catch((error: unknown) => {
        // It was attached by an earlier call.
        if (!isProviderError(error, "Conflict")) throw error;
      });
    const { RouteTables = [] } = await this.#aws.ec2.send(
      (sdk) =>
        new sdk.DescribeRouteTablesCommand({
          Filters: [
            { Name: "vpc-id", Values: [vpcId] },
            { Name: "association.main", Values: ["true"] },
          ],
        }),
      subject,
      signal,
    );
    const table = RouteTables[0];
    if (!table || table.Routes?.some(({ DestinationCidrBlock }) => DestinationCidrBlock === "0.0.0.0/0")) return;
    const RouteTableId = table.RouteTableId;
    await this.#aws.ec2.send(
      (sdk) => new sdk.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId: gateway }),
      subject,
      signal,
    );
  }

  /** Those that we gave it; one of somebody else's keeps the VPC from being deleted. */
  async removeOurs(vpcId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const gateways = await this.#list([{ Name: "attachment.vpc-id", Values: [vpcId] }, managedOnly], subject, signal);
    for (const InternetGatewayId of gateways) {
      await goneIsUndefined(
        this.#aws.ec2.send(
          (sdk) => new sdk.DetachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId }),
          subject,
          signal,
        ),
      ).catch(notAttachedIsFine);
      await this.#delete(InternetGatewayId, subject, signal);
    }
  }

  async #delete(InternetGatewayId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const itself = [{ Name: "internet-gateway-id", Values: [InternetGatewayId] }];
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteInternetGatewayCommand({ InternetGatewayId }), subject, signal),
      async () => (await this.#list(itself, subject, signal)).length > 0,
      subject,
      signal,
    );
  }

  async #list(filters: readonly Filter[], subject: Subject, signal: AbortSignal): Promise<string[]> {
    const { InternetGateways = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeInternetGatewaysCommand({ Filters: [...filters] }),
      subject,
      signal,
    );
    return InternetGateways.flatMap(({ InternetGatewayId }) => InternetGatewayId ?? []);
  }
}

function notAttachedIsFine(error: unknown): void {
  if (!isProviderError(error, "NotFound", "Conflict")) throw error;
}
