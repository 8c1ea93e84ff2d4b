import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Price, PriceKind, PriceTerms, PriceUnit } from "../domain/prices.ts";
import type { PriceList, PriceListSource } from "./price-repository.ts";

const folder = new URL("../../data/prices/", import.meta.url);
const files = ["instances.csv.gz", "rates.csv", "sources.json"] as const;

/** Where each kind of price stands in a row of `instances.csv.gz`, and the column of its date. */
const columns = [
  { terms: "on-demand", column: "on_demand", date: "priced_on", source: "on-demand" },
  { terms: "spot", column: "spot", date: "spot_priced_on", source: "spot" },
  { terms: "reserved-1y", column: "reserved_1y", date: "reserved_priced_on", source: "reserved" },
  { terms: "reserved-3y", column: "reserved_3y", date: "reserved_priced_on", source: "reserved" },
] as const satisfies readonly { terms: PriceTerms; column: string; date: string; source: string }[];

/**
 * The price list that comes with the product (`data/prices/SOURCES.md`). Reading its files is quick, parsing them is only done
 * when `read` is called.
 */
export async function shippedPriceList(): Promise<PriceList> {
  const [instances, rates, sources] = await Promise.all(files.map((file) => readFile(new URL(file, folder))));
  const hash = createHash("sha256");
  for (const bytes of [instances, rates, sources]) hash.update(bytes ?? "");
  return {
    listId: "shipped",
    contentHash: hash.digest("hex"),
    async read() {
      const text = (await promisify(gunzip)(instances as Buffer)).toString("utf8");
      const known = JSON.parse(String(sources)) as Record<string, { from: string; derived?: string }>;
      return {
        sources: Object.entries(known).map(
          ([sourceId, { from, derived }]): PriceListSource => ({ sourceId, source: from, derived }),
        ),
        prices: [...rows(text).flatMap(instancePrices), ...rows(String(rates)).map(rate)],
      };
    },
  };
}

type Row = Readonly<Record<string, string>>;
type ListedPrice = Awaited<ReturnType<PriceList["read"]>>["prices"][number];

/** The files are our own: no quotes, no commas within a value. */
function rows(csv: string): Row[] {
  const [head = "", ...lines] = csv.trimEnd().split("\n");
  const names = head.split(",");
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
  });
}

function instancePrices(row: Row): ListedPrice[] {
  const { provider = "", region = "", instance_type: item = "" } = row;
  const size = {
    cpus: Number(row.vcpus),
    memoryBytes: Math.round(Number(row.memory_gib) * 2 ** 30),
    architecture: row.architecture === "arm64" ? ("aarch64" as const) : ("x86_64" as const),
    gpus: Number(row.gpus),
    burstable: row.burstable === "1",
  };
  const band = row.interruption_band ? { interruptionBand: Number(row.interruption_band) } : {};
  return columns.flatMap(({ terms, column, date, source }): ListedPrice[] => {
    const dollars = row[column];
    if (!dollars) return [];
    return [
      {
        provider,
        region,
        kind: "instance",
        item,
        terms,
        above: 0,
        price: inMicros(dollars),
        unit: "hour",
        pricedOn: row[date] ?? "",
        sourceId: `${provider}-${source}`,
        size: terms === "spot" ? { ...size, ...band } : size,
      },
    ];
  });
}

function rate(row: Row): ListedPrice {
  const { provider = "", region = "", item = "", usd = "", priced_on: pricedOn = "", source: sourceId = "" } = row;
  return {
    provider,
    region,
    kind: row.kind as PriceKind,
    item,
    terms: "on-demand",
    above: Number(row.above),
    price: inMicros(usd),
    unit: row.unit as PriceUnit,
    pricedOn,
    sourceId,
  };
}

function inMicros(dollars: string): Price["price"] {
  return { micros: Math.round(Number(dollars) * 1e6), currency: "USD" };
}
