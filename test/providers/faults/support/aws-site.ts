import type { AwsPatience } from "../../../../src/providers/aws/settings.ts";
import { accountId } from "../../../../src/sandbox/aws/identity.ts";
import { type AwsLab, startAwsLab } from "../../../sandbox/aws/support.ts";
import { type AwsAddress, connectAws } from "../../support/aws.ts";
import { makeAwsTraffic } from "../../support/aws-traffic.ts";
import { FaultSite } from "./fault-site.ts";

/** What the adapter does in a few seconds at AWS it does here in a few milliseconds. */
const quick: Partial<AwsPatience> = {
  pollMs: { first: 2, most: 20 },
  firstRetryMs: 2,
  attempts: 3,
  blockAttempts: 3,
  consistencyMs: 150,
};

type AccessKey = NonNullable<AwsAddress["keys"]>;

/** A simulated AWS, with what only AWS's own rows look into. */
export class AwsFaultSite extends FaultSite {
  readonly lab: AwsLab;

  private constructor(lab: AwsLab, address: AwsAddress & { readonly keys: AccessKey }) {
    const { tables, identity } = lab.aws.cloud;
    const { id: access_key, secret: secret_key } = address.keys;
    super({
      admin: lab.aws.admin,
      complaints: lab.complaints,
      gone: /^(terminated|deleted)$/i,
      settled: () => lab.aws.cloud.settled(),
      bus: "nvme",
      connect: (endurance) => connectAws(address, { ...quick, ...endurance }),
      makeTraffic: () => makeAwsTraffic(address),
      listed: [
        tables.loadBalancers,
        tables.scalingGroups,
        tables.vpnConnections,
        tables.vpnGateways,
        tables.customerGateways,
      ],
      keys: {
        values: { access_key, secret_key },
        forgetOthers() {
          // IAM gives a user two at most.
          const { credentials } = identity;
          for (const { id } of credentials.where((key) => key.userName !== undefined && key.id !== access_key)) {
            credentials.delete(id);
          }
        },
      },
      documentsBucket: `novacron-${accountId}-us-east-1`,
      close: () => lab.close(),
    });
    this.lab = lab;
  }

  static async open(): Promise<AwsFaultSite> {
    const lab = await startAwsLab({ stopGraceMs: 0, terminatedVisibleMs: 0, guestMemoryMib: 64, targetHealthMs: 20 });
    const { endpoint, cloud, events } = lab.aws;
    // An account without a past is refused a forecast at once, whatever else is wrong.
    const vm = {
      kind: "instance",
      item: "m5.large",
      quantity: 1,
      region: "us-east-1",
      name: "past",
      tags: {},
    } as const;
    const day = 86_400_000;
    events.billing.meter.record("i-past", vm, Date.now() - 3 * day, Date.now() - day);
    return new AwsFaultSite(lab, { region: "us-east-1", endpoint, keys: cloud.identity.administratorKeys });
  }
}
