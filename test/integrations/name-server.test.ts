import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createFolderProvider } from "../../src/providers/folder/index.ts";
import { absentRecord, type DnsRecord } from "../../src/providers/traffic-facets.ts";
import { trafficCases } from "../providers/conformance-traffic.ts";
import type { ConformanceSite } from "../providers/harness.ts";
import { refuses } from "../providers/support/refuses.ts";
import { type RunningBind, startBind } from "./support/bind.ts";

const signal = AbortSignal.timeout(600_000);

describe("a real BIND", () => {
  let started: RunningBind | string;
  const dir = mkdtempSync(join(tmpdir(), "nvc-name-server-"));

  before(async () => {
    started = await startBind();
  });
  after(async () => {
    if (typeof started !== "string") await started?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  function bind(): RunningBind {
    if (typeof started === "string") throw new Error(started);
    return started;
  }
  /** The test's name says what it shows; without a BIND it says why it was skipped. */
  function shows(name: string, work: (bind: RunningBind) => Promise<void>): void {
    test(name, async (context) => {
      if (typeof started === "string") context.skip(started);
      else await work(started);
    });
  }

  const place = (): ConformanceSite => {
    const context = { site: "onprem-a", budget: () => ({ take: async () => {} }), log: () => undefined };
    const provider = createFolderProvider({ storagePath: dir, context, dns: bind().dns() });
    const traffic = async () => ({ zone: { zoneId: bind().empty, name: bind().empty }, close: async () => {} });
    return { provider, traffic } as unknown as ConformanceSite;
  };
  const known = /^(old|ns|many\d+)\.|^dr\.example$/;

  test("keeps the port's contract of records", async (context) => {
    if (typeof started === "string") return context.skip(started);
    const cases: Promise<void>[] = [];
    trafficCases({
      test: (name, work) => {
        if (!/record|names and texts/.test(name)) return;
        cases.push(context.test(name, work));
      },
      place,
      signal,
    });
    assert.equal(cases.length, 2);
    await Promise.all(cases);
  });

  shows("lists a zone of many messages, whose key it is believed by", async ({ dns, zone }) => {
    for (const algorithm of ["hmac-sha256", "hmac-sha512"] as const) {
      const names = (await Array.fromAsync(dns({ algorithm }).listRecords(zone, signal))).map(({ name }) => name);
      assert.equal(names.filter((name) => known.test(name)).length, 2_002);
    }
  });

  shows("changes nothing that somebody else changed in between, were it only the TTL", async ({ dns, zone }) => {
    const [one, other] = [dns(), dns({ algorithm: "hmac-sha512" })];
    const record: DnsRecord = { name: `old.${zone}`, type: "A", ttlSeconds: 30, values: ["192.0.2.10"] };
    const seen = await one.getRecord({ zoneId: zone, ...record }, signal);
    await other.putRecord({ zoneId: zone, record, version: seen?.version ?? "" }, signal);
    const moved = { ...record, values: ["198.51.100.1"] };
    await refuses("Conflict", one.putRecord({ zoneId: zone, record: moved, version: seen?.version ?? "" }, signal));
    assert.equal((await one.getRecord({ zoneId: zone, ...record }, signal))?.ttlSeconds, 30);
  });

  shows("changes nothing that was changed after it was read, were it only the TTL", async ({ dns, zone }) => {
    const place = { zoneId: zone, name: `between.${zone}`, type: "A" } as const;
    const record: DnsRecord = { ...place, ttlSeconds: 300, values: ["192.0.2.10"] };
    await dns().putRecord({ zoneId: zone, record, version: absentRecord }, signal);
    const version = (await dns().getRecord(place, signal))?.version ?? "";
    const lower = () => dns().putRecord({ zoneId: zone, record: { ...record, ttlSeconds: 5 } }, signal);
    // The zone's serial is asked for, then the record; then comes the change.
    const late = dns({ before: [async () => {}, async () => {}, lower] });
    const moved = { ...record, values: ["198.51.100.1"] };
    await refuses("Conflict", late.putRecord({ zoneId: zone, record: moved, version }, signal));
    const { ttlSeconds, values } = (await dns().getRecord(place, signal)) ?? assert.fail("it is gone");
    assert.deepEqual([ttlSeconds, values], [5, ["192.0.2.10"]]);
  });

  shows("loses none of the changes of many who write at once", async ({ dns, zone }) => {
    const place = { zoneId: zone, name: `race.${zone}`, type: "A" } as const;
    const values = Array.from({ length: 6 }, (_, index) => `203.0.113.${index + 1}`);
    const results = await Promise.allSettled(
      values.map((value) => {
        const record = { ...place, ttlSeconds: 60, values: [value] };
        return dns().putRecord({ zoneId: zone, record, version: absentRecord }, signal);
      }),
    );
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await dns().getRecord(place, signal))?.values.length, 1);
  });

  shows("says when a CNAME can't stand beside what is there", async ({ dns, zone }) => {
    const record: DnsRecord = { name: `ns.${zone}`, type: "CNAME", ttlSeconds: 60, values: ["other.example"] };
    await refuses("Conflict", dns().putRecord({ zoneId: zone, record }, signal));
  });

  shows("believes nobody without the key, and says which part of it is wrong", async ({ dns, zone }) => {
    const read = (other: Parameters<RunningBind["dns"]>[0]) =>
      dns(other).getRecord({ zoneId: zone, name: `old.${zone}`, type: "A" }, signal);
    const wrong = Buffer.from("another key of thirty-two bytes!").toString("base64");
    await assert.rejects(read({ secret: wrong }), { code: "CloudUnauthenticated", message: /not that of its key/ });
    await assert.rejects(read({ keyName: "nobody" }), { code: "CloudUnauthenticated", message: /no key of that name/ });
  });

  shows("refuses a name that is none before it asks", async ({ dns, zone }) => {
    for (const name of [`a..${zone}`, `${"x".repeat(64)}.${zone}`]) {
      await refuses("InvalidInput", dns().getRecord({ zoneId: zone, name, type: "A" }, signal));
    }
  });

  shows("says what the server does not serve", async ({ dns }) => {
    const elsewhere = dns({ zones: ["other.example"] });
    const { result, remedy } = await elsewhere.check(signal);
    assert.deepEqual([result, typeof remedy], ["fail", "string"]);
    await refuses("NotFound", Array.fromAsync(elsewhere.listRecords("unknown.example", signal)));
  });
});
