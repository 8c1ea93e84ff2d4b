import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isProviderError } from "../../src/domain/errors.ts";
import { type CompiledPolicy, judge } from "../../src/domain/policy/policy.ts";
import type { Subject } from "../../src/domain/policy/subject.ts";
import type { Resource } from "../../src/domain/resource.ts";
import type { Searchable } from "../../src/domain/search/evaluate.ts";
import { compiled, judgedResource, policyOf, requirementArbitrary } from "../support/policies.ts";
import { now } from "../support/resources.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const residency = { a: ["eu", "de"], b: ["us"] };
const keyOf = ({ site, kind, resourceId }: Pick<Resource, "site" | "kind" | "resourceId">) =>
  `${site}/${kind}/${resourceId}`;

let known: Searchable[] = [];
let reading = 0;

/** Makes the store hold exactly these. */
async function fill(resources: readonly Resource[]): Promise<void> {
  const before = known;
  known = [];
  reading += 1;
  const at = new Date(now - 86_400_000 + reading * 1_000).toISOString();
  const unique = [...new Map(resources.map((each) => [keyOf(each), each])).values()];
  const groups = Map.groupBy(unique, ({ site, kind }) => `${site} ${kind}`);
  for (const { site, kind } of before) if (!groups.has(`${site} ${kind}`)) groups.set(`${site} ${kind}`, []);
  for (const [name, group] of groups) {
    const [site, kind] = name.split(" ") as [string, Resource["kind"]];
    const place = { site, provider: group[0]?.provider ?? "aws" };
    const members = group.map(({ region: _own, ...rest }) => ({ ...rest, ...place }));
    await lab.store.inventory.replace(place, kind, members, at);
    for (const member of members) {
      const row = await lab.store.resources.get(member);
      assert.ok(row);
      const { stateSince, firstSeenAt, changedAt } = row;
      known.push({ ...member, ...(stateSince === undefined ? {} : { stateSince }), firstSeenAt, changedAt });
    }
  }
}

/** What the store's SQL knows beside a row, worked out in another way. */
function subjectOf(resource: Searchable): Subject {
  const places = residency[resource.site as keyof typeof residency];
  const base = { resource, ...(places ? { residency: places } : {}) };
  if (resource.kind !== "vm") return base;
  const here = known.filter(({ site }) => site === resource.site);
  const volumes = here.filter(({ kind, document }) => kind === "volume" && document.vm_id === resource.resourceId);
  const flags = volumes.map(({ document }) => document.encrypted);
  const encrypted = flags.includes(false) ? false : flags.length === 0 || flags.includes(undefined) ? undefined : true;
  const nics = (resource.document.nics ?? []) as { public_address?: string }[];
  const publicAddress =
    nics.some((nic) => nic.public_address !== undefined) ||
    here.some(({ kind, document }) => kind === "address" && document.vm_id === resource.resourceId);
  const disks = (resource.document.disks ?? []) as { volume_id: string }[];
  const newest = disks.map(({ volume_id: volume }) =>
    here
      .filter((each) => each.kind === "snapshot" && each.state === "completed" && each.document.volume_id === volume)
      .flatMap(({ createdAt }) => createdAt ?? [])
      .toSorted()
      .at(-1),
  );
  const whole = newest.length > 0 && newest.every((at) => at !== undefined);
  const backupAt = whole ? (newest.toSorted()[0] as string) : "never";
  return { ...base, publicAddress, backupAt, ...(encrypted === undefined ? {} : { encrypted }) };
}

/** What each resource comes to, of those that a scan judges and that don't pass. */
function expected(policy: CompiledPolicy) {
  const verdicts = known
    .filter(({ kind }) => policy.scanKinds.includes(kind))
    .flatMap((resource) => {
      const verdict = judge(policy, subjectOf(resource), now);
      return verdict === undefined ? [] : [{ key: keyOf(resource), verdict }];
    });
  const of = (wanted: string) => verdicts.filter(({ verdict }) => verdict === wanted).map(({ key }) => key);
  return { judged: verdicts.length, violations: of("violation").toSorted(), unknown: of("unknown").length };
}

describe("the store and the evaluator", () => {
  test("come to the same verdict on every resource, for any rule", async () => {
    const worlds = fc.sample(fc.array(judgedResource, { minLength: 40, maxLength: 60 }), { numRuns: 1 });
    for (const world of worlds) {
      await fill(world);
      await fc.assert(
        fc.asyncProperty(requirementArbitrary, async (requirement) => {
          let policy: CompiledPolicy;
          try {
            policy = compiled(requirement);
          } catch (error) {
            if (isProviderError(error, "InvalidInput")) return;
            throw error;
          }
          const found = await lab.store.findings.tryOut(policy, { now, residency }, 1_000);
          const { judged, violations, unknown } = expected(policy);
          assert.deepEqual(found.examples.map(keyOf).toSorted(), violations);
          assert.deepEqual([found.judged, found.unknown], [judged, unknown]);
        }),
        { numRuns: 50 },
      );
    }
  });
});

describe("a scan", () => {
  const place = { site: "s", provider: "aws" };
  const vm = (id: string, tags: Record<string, string>): Resource => ({
    ...place,
    ...{ kind: "vm", resourceId: id, name: id, tags, document: { tags } },
  });
  const scan = (policy: CompiledPolicy, at: number) => lab.store.findings.scan(policy, { now: at, residency: {} });

  test("opens what breaks a policy, keeps when it was first and last seen, and resolves what doesn't", async () => {
    const policy = { ...policyOf({ require: { field: "tags.owner", operator: "exists" } }), scope: "site:s" };
    await lab.store.policies.create({ ...policy, policyId: "scan-1", name: "owner" });
    const rules = compiled(policy.requirement, { policyId: "scan-1", scope: "site:s" });
    await lab.store.inventory.replace(place, "vm", [vm("a", {}), vm("b", {}), vm("c", { owner: "x" })], at(0));
    assert.deepEqual(await scan(rules, now), { ...counts(3, 2), opened: 2, resolved: 0 });
    assert.deepEqual(await scan(rules, now + 1_000), { ...counts(3, 2), opened: 0, resolved: 0 });
    await lab.store.inventory.replace(place, "vm", [vm("a", { owner: "y" }), vm("b", {})], at(1));
    assert.deepEqual(await scan(rules, now + 2_000), { ...counts(2, 1), opened: 0, resolved: 1 });
    const { items } = await lab.store.findings.list({ policyId: "scan-1", limit: 10 });
    assert.deepEqual(
      items.map(({ resourceId, state, firstSeenAt, lastSeenAt }) => [resourceId, state, firstSeenAt, lastSeenAt]),
      [
        ["b", "open", new Date(now).toISOString(), new Date(now + 2_000).toISOString()],
        ["a", "resolved", new Date(now).toISOString(), new Date(now + 1_000).toISOString()],
      ],
    );
    const kept = await lab.store.policies.get("owner");
    assert.deepEqual([kept?.open, kept?.judged], [1, 2]);
    assert.equal((await lab.store.findings.list({ limit: 10, scopes: [{ site: "elsewhere" }] })).items.length, 0);
    assert.equal((await lab.store.findings.list({ limit: 10, scopes: [{ site: "s" }] })).items.length, 2);
  });

  test("keeps what is exempt apart until the exemption ends", async () => {
    const requirement = { require: { field: "tags.owner", operator: "exists" } } as const;
    await lab.store.policies.create({ ...policyOf(requirement), policyId: "scan-2", name: "owner-2" });
    const exemption = {
      ...{ exemptionId: "e-1", policyId: "scan-2", scope: "id:b", owner: "ops", reason: "is being sold" },
      ...{ expiresAt: new Date(now + 5_000).toISOString(), createdBy: "user/a" },
    };
    await lab.store.policies.exempt(exemption);
    const plain = compiled(requirement, { policyId: "scan-2", scope: "site:s" });
    const [kept] = await lab.store.policies.exemptions({ policyId: "scan-2" });
    assert.ok(kept);
    const where = { type: "match", field: "id", pattern: { type: "exact", value: "b" } } as const;
    const exempting = { ...plain, exempt: [{ where, exemption: kept }] };
    assert.deepEqual(await scan(exempting, now), {
      judged: 2,
      violations: 0,
      exempt: 1,
      unknown: 0,
      opened: 1,
      resolved: 0,
    });
    const listed = await lab.store.findings.list({ policyId: "scan-2", limit: 10 });
    assert.deepEqual(
      listed.items.map(({ state, exemptionId }) => [state, exemptionId]),
      [["exempt", "e-1"]],
    );
    const until = await lab.store.policies.exemptions({ policyId: "scan-2", at: new Date(now + 6_000).toISOString() });
    assert.deepEqual(until, []);
    assert.deepEqual(await scan(plain, now + 6_000), { ...counts(2, 1), opened: 0, resolved: 0 });
    assert.equal((await lab.store.findings.list({ policyId: "scan-2", limit: 10 })).items[0]?.state, "open");
  });

  test("of a moment of the past judges what was there then", async () => {
    const rules = compiled({ require: { field: "tags.owner", operator: "exists" } }, { scope: "site:s" });
    const then = await lab.store.findings.tryOut(rules, { now, residency: {}, asOf: at(0) }, 10);
    assert.deepEqual(
      then.examples.map(({ resourceId }) => resourceId),
      ["a", "b"],
    );
    assert.equal(then.judged, 3);
  });

  const at = (minutes: number) => new Date(now - 3_600_000 + minutes * 60_000).toISOString();
  const counts = (judged: number, violations: number) => ({ judged, violations, exempt: 0, unknown: 0 });
});
