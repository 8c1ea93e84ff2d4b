import { Bill } from "../../cloud/billing/bill.ts";
import { Meter } from "../../cloud/billing/meter.ts";
import { RateCard } from "../../cloud/billing/rate-card.ts";
import type { AwsCloud } from "../cloud.ts";

export interface Billing {
  readonly meter: Meter;
  readonly bill: Bill;
}

/** What EC2 charges: running instances by the hour, volumes for as long as they are there. */
export function meterAws({ documents, tables }: AwsCloud): Billing {
  const meter = new Meter(documents);
  meter.watch(tables.instances, ({ id, state, type, region, zone, spot, tags }) =>
    state === "running"
      ? { kind: "instance", item: type, quantity: 1, region, zone, name: tags.Name ?? id, spot, tags }
      : undefined,
  );
  meter.watch(tables.volumes, ({ id, type, sizeGib, region, zone, tags }) => ({
    ...{ kind: "disk", item: type, quantity: sizeGib, region, zone, name: tags.Name ?? id, tags },
  }));
  return { meter, bill: new Bill(meter, new RateCard("aws")) };
}
