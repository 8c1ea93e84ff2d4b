import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const folder = new URL("../../../../data/prices/", import.meta.url);
const monthHours = 730;

interface Rate {
  readonly item: string;
  readonly above: number;
  readonly usd: number;
}

/** The list prices of one provider that come with the product, in US dollars; read when a bill is first asked for. */
export class RateCard {
  readonly #provider: string;
  #read:
    | { readonly hours: ReadonlyMap<string, number>; readonly rates: ReadonlyMap<string, readonly Rate[]> }
    | undefined;

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** Of an hour; undefined where the list has no price. */
  instanceHour(region: string, item: string, spot = false): number | undefined {
    const listed = this.#all().hours.get(`${region} ${item} ${spot ? "spot" : "on_demand"}`);
    return listed ?? (spot ? undefined : this.#shapeHour(region, item));
  }

  /** Of a GiB for an hour. */
  diskHour(region: string, item: string): number | undefined {
    const month = this.#rate(region, "disk", item)?.usd;
    return month === undefined ? undefined : month / monthHours;
  }

  /** Oracle's flexible shapes, `VM.Standard.E4.Flex:2ocpu:16g`, of sizes that the list has no row of. */
  #shapeHour(region: string, item: string): number | undefined {
    const [, shape = "", ocpus, memoryGib] = /^(.+):([\d.]+)ocpu:([\d.]+)g$/.exec(item) ?? [];
    const cpu = this.#rate(region, "cpu", shape)?.usd;
    const memory = this.#rate(region, "memory", shape)?.usd;
    if (cpu === undefined || memory === undefined) return undefined;
    return Number(ocpus) * cpu + Number(memoryGib) * memory;
  }

  #rate(region: string, kind: string, item: string): Rate | undefined {
    return this.#all()
      .rates.get(`${region} ${kind}`)
      ?.find((rate) => rate.item === item && rate.above === 0);
  }

  #all() {
    this.#read ??= {
      hours: new Map(
        rows(gunzipSync(readFileSync(new URL("instances.csv.gz", folder))).toString("utf8"))
          .filter(({ provider }) => provider === this.#provider)
          .flatMap(({ region, instance_type: item, on_demand: onDemand, spot }) => [
            [`${region} ${item} on_demand`, Number(onDemand)] as const,
            ...(spot ? [[`${region} ${item} spot`, Number(spot)] as const] : []),
          ]),
      ),
      rates: Map.groupBy(
        rows(readFileSync(new URL("rates.csv", folder), "utf8"))
          .filter(({ provider }) => provider === this.#provider)
          .map(({ region, kind, item = "", above, usd }) => ({
            ...{ place: `${region} ${kind}`, item, above: Number(above), usd: Number(usd) },
          })),
        ({ place }) => place,
      ),
    };
    return this.#read;
  }
}

/** The files are our own: no quotes, no commas within a value. */
function rows(csv: string): Record<string, string>[] {
  const [head = "", ...lines] = csv.trimEnd().split("\n");
  const names = head.split(",");
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
  });
}
