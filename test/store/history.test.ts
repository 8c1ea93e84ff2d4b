import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Resource, type ResourceKind, vmResource } from "../../src/domain/resource.ts";
import { parseSearch } from "../../src/domain/search/parser.ts";
import { defaultSort, type Expression, everything } from "../../src/domain/search/query.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const placeOf = (site: string) => ({ site, provider: "aws", region: "eu-1" });

function resource(site: string, id: string, more: Partial<Resource> = {}): Resource {
  const tags = more.tags ?? {};
  return {
    ...placeOf(site),
    kind: "volume",
    resourceId: id,
    name: `disk-${id}`,
    state: "available",
    inUse: false,
    ...more,
    tags,
    document: { tags, ...more.document },
  };
}

function where(text: string): Expression {
  const parsed = parseSearch(text, Date.now());
  assert.ok(parsed.ok);
  return parsed.query.where;
}

async function found(text: string, asOf?: string): Promise<string[]> {
  const page = await lab.store.resources.search({
    where: where(text),
    sort: defaultSort,
    limit: 1000,
    ...(asOf ? { asOf } : {}),
  });
  return page.items.map(({ site, resourceId, state }) => `${site}/${resourceId}:${state ?? ""}`);
}

const replace = (
  site: string,
  resources: Iterable<Resource> | AsyncIterable<Resource>,
  when: string,
  kind: ResourceKind = "volume",
) => lab.store.inventory.replace(placeOf(site), kind, resources, when);
const refresh = (site: string, id: string, one: Resource | undefined, when: string) =>
  lab.store.inventory.refresh(placeOf(site), { kind: "volume", resourceId: id }, one, when);

describe("a resource's history", () => {
  test("says what it was and since when, until it was gone", async () => {
    const key = { site: "story", kind: "volume" as const, resourceId: "1" };
    await replace("story", [resource("story", "1")], at(1));
    await replace("story", [resource("story", "1")], at(2));
    await replace("story", [resource("story", "1", { state: "in-use", inUse: true })], at(3));
    await replace("story", [], at(4));
    await replace("story", [resource("story", "1", { name: "again" })], at(5));
    const versions = await lab.store.resources.versions(key);
    assert.deepEqual(
      versions.map(({ validFrom, validTo, gone, resource: was }) => [validFrom, validTo, gone, was.name, was.state]),
      [
        [at(5), undefined, false, "again", "available"],
        [at(3), at(4), true, "disk-1", "in-use"],
        [at(1), at(3), false, "disk-1", "available"],
      ],
    );
    const now = await lab.store.resources.get(key);
    assert.deepEqual([now?.firstSeenAt, now?.changedAt, now?.stateSince], [at(1), at(5), at(5)]);
    assert.equal(await lab.store.inventory.dropHistory(at(4)), 1);
    assert.equal((await lab.store.resources.versions(key)).length, 2);
    await replace("story", [], at(6));
  });

  test("is not written for what changes all the time, which is kept up to date all the same", async () => {
    const vm = (allocatedBytes: number) =>
      vmResource(placeOf("busy"), {
        vmId: "1",
        site: "busy",
        name: "busy",
        state: "running",
        cpus: 1,
        memoryBytes: 2 ** 30,
        firmware: "bios",
        architecture: "x86_64",
        disks: [{ diskId: "vda", volumeId: "v", sizeBytes: 2 ** 31, bus: "virtio-blk", boot: true, allocatedBytes }],
        nics: [],
        publishPorts: [],
        endpoints: [],
        tags: { endpoints: "a tag of that name counts", env: "prod" },
      });
    assert.equal((await replace("busy", [vm(1)], at(1), "vm")).changed, 1);
    assert.equal((await replace("busy", [vm(1)], at(2), "vm")).changed, 0);
    assert.equal((await replace("busy", [vm(2)], at(3), "vm")).changed, 1);
    const key = { site: "busy", kind: "vm" as const, resourceId: "1" };
    assert.equal((await lab.store.resources.versions(key)).length, 1);
    const shown = await lab.store.resources.get(key);
    assert.match(JSON.stringify(shown?.document), /"allocated_bytes":2/);
    assert.deepEqual([shown?.changedAt, shown?.observedAt], [at(1), at(3)]);
    await replace("busy", [], at(4), "vm");
  });
});

describe("a reading", () => {
  test("that breaks off keeps what it had not come to", async () => {
    await replace("torn", [resource("torn", "1"), resource("torn", "2")], at(1));
    async function* torn() {
      for (let n = 0; n < 2_000; n++) yield resource("torn", `new-${n}`);
      throw new Error("the site hung up");
    }
    await assert.rejects(replace("torn", torn(), at(2)), /hung up/);
    const kept = await found("site:torn");
    assert.ok(kept.includes("torn/1:available") && kept.includes("torn/2:available"));
    const [freshness] = (await lab.store.resources.freshness()).filter(({ site }) => site === "torn");
    assert.deepEqual([freshness?.observedAt, freshness?.resources], [at(1), 2_002]);
    await replace("torn", [], at(3));
  });

  test("that a newer one overtook writes nothing more", async () => {
    let overtaken = false;
    async function* slow() {
      for (let n = 0; n < 2_000; n++) yield resource("race", `old-${n}`);
      await replace("race", [resource("race", "new")], at(9));
      overtaken = true;
      for (let n = 0; n < 2_000; n++) yield resource("race", `late-${n}`);
    }
    assert.equal((await replace("race", slow(), at(8))).superseded, true);
    assert.ok(overtaken);
    assert.deepEqual(await found("site:race"), ["race/new:available"]);
    assert.equal((await replace("race", [], at(7))).superseded, true);
    await replace("race", [], at(10));
  });

  test("doesn't undo what was seen of a single resource after it began", async () => {
    await replace("single", [resource("single", "1"), resource("single", "2"), resource("single", "3")], at(1));
    await refresh("single", "1", resource("single", "1", { state: "in-use" }), at(5));
    await refresh("single", "2", undefined, at(5));
    await refresh("single", "4", resource("single", "4"), at(5));
    await replace("single", [resource("single", "1"), resource("single", "2"), resource("single", "3")], at(4));
    assert.deepEqual(await found("site:single"), ["single/1:in-use", "single/3:available", "single/4:available"]);
    await refresh("single", "1", resource("single", "1", { state: "deleting" }), at(3));
    await replace("single", [resource("single", "1"), resource("single", "2"), resource("single", "3")], at(6));
    assert.deepEqual(await found("site:single"), ["single/1:available", "single/2:available", "single/3:available"]);
    await replace("single", [], at(7));
  });

  test("that shows a resource twice shows it once", async () => {
    assert.equal((await replace("twice", [resource("twice", "1"), resource("twice", "1")], at(1))).seen, 1);
    await replace("twice", [], at(2));
  });
});

test("what could not be read for a while is known to have been old then", async () => {
  const place = placeOf("gap");
  await replace("gap", [], at(1));
  for (const minute of [3, 4])
    await lab.store.inventory.noteFailure(place, "volume", `no answer ${minute}`, at(minute));
  const seen = async (minute?: number) => {
    const rows = await lab.store.resources.freshness(minute === undefined ? undefined : at(minute));
    const row = rows.find(({ site }) => site === "gap");
    return [row?.observedAt, row?.error, row?.failedAt];
  };
  assert.deepEqual(await seen(), [at(1), "no answer 4", at(4)]);
  assert.deepEqual(await seen(2), [at(1), undefined, undefined], "before it failed");
  assert.deepEqual((await seen(5)).slice(0, 2), [at(1), "no answer 4"]);
  await replace("gap", [], at(6));
  assert.deepEqual(await seen(), [at(6), undefined, undefined]);
  assert.deepEqual(await seen(5), [at(1), "no answer 4", at(3)], "while it failed");
  assert.deepEqual(await seen(2), [at(6), undefined, undefined], "read since");
  assert.deepEqual(await seen(0), [undefined, undefined, undefined], "not read yet");
  await lab.store.inventory.dropHistory(at(7));
  assert.deepEqual(await seen(5), [at(6), undefined, undefined]);
});

test("any moment of the past is as it was, and two moments differ by what changed between", async () => {
  const ids = ["1", "2", "3"];
  const state = fc.constantFrom("available", "in-use", "error");
  const listing = fc.record({ site: fc.constantFrom("p", "q"), states: fc.dictionary(fc.constantFrom(...ids), state) });
  const single = fc.record({ site: fc.constantFrom("p", "q"), id: fc.constantFrom(...ids), state: fc.option(state) });
  let minute = 100;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(listing, single), { minLength: 1, maxLength: 12 }), async (steps) => {
      const model = new Map<string, string>();
      const past: { when: string; rows: ReadonlyMap<string, string> }[] = [];
      for (const step of steps) {
        const when = at(minute++);
        const set = (id: string, value: string | null) =>
          value === null ? model.delete(`${step.site}/${id}`) : model.set(`${step.site}/${id}`, value);
        if ("states" in step) {
          const members = Object.entries(step.states).map(([id, value]) => resource(step.site, id, { state: value }));
          await replace(step.site, members, when);
          for (const id of ids) set(id, step.states[id] ?? null);
        } else {
          await refresh(
            step.site,
            step.id,
            step.state === null ? undefined : resource(step.site, step.id, { state: step.state }),
            when,
          );
          set(step.id, step.state);
        }
        past.push({ when, rows: new Map(model) });
      }
      const shown = (rows: ReadonlyMap<string, string>) => [...rows].map(([key, value]) => `${key}:${value}`).sort();
      for (const { when, rows } of past) {
        assert.deepEqual((await found("site:p,q", when)).sort(), shown(rows));
        const sums = await lab.store.resources.sums({ where: where("site:p,q"), asOf: when });
        assert.equal(
          sums.reduce((all, sum) => all + sum.resources, 0),
          rows.size,
        );
      }
      for (const [index, from] of past.entries()) {
        const to = past[past.length - 1 - (index % 2)] ?? from;
        if (to.when <= from.when) continue;
        const changes = await lab.store.resources.changes({
          from: from.when,
          to: to.when,
          where: where("site:p,q"),
          limit: 100,
        });
        const seen = changes.items.map(
          ({ site, resourceId, change, before, after }) =>
            `${change} ${site}/${resourceId} ${before?.state ?? ""}>${after?.state ?? ""}`,
        );
        // What went and came back as it was has another beginning, and counts as changed; the model can't tell.
        const differs = seen.filter((line) => !/^changed \S+ (\S+)>\1$/.test(line));
        const keys = [...new Set([...from.rows.keys(), ...to.rows.keys()])];
        const expected = keys.flatMap((key) => {
          const [before, after] = [from.rows.get(key), to.rows.get(key)];
          if (before === after) return [];
          return [
            `${before === undefined ? "added" : after === undefined ? "removed" : "changed"} ${key} ${before ?? ""}>${after ?? ""}`,
          ];
        });
        assert.deepEqual(differs.sort(), expected.sort());
      }
      for (const site of ["p", "q"]) await replace(site, [], at(minute++));
    }),
    { numRuns: 25 },
  );
  const left = await lab.store.resources.sums({ where: everything });
  assert.deepEqual(left, []);
});
