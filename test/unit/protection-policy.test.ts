import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lagOf, type ProtectionGroup, statusOf, viewGroup } from "../../src/domain/protection.ts";
import {
  type PolicyRequest,
  type ProtectionDefaults,
  type ProtectionPolicy,
  policyChecks,
  resolvePolicy,
  roundIntervalSeconds,
  worstLossSeconds,
} from "../../src/domain/protection-policy.ts";

function policy(asked: PolicyRequest = {}, defaults: ProtectionDefaults = {}): ProtectionPolicy {
  const resolved = resolvePolicy({ primarySite: "a", recoverySite: "b", ...asked }, defaults);
  assert.ok(resolved);
  return resolved;
}

function check(name: string, of: ProtectionPolicy, roundSeconds?: number) {
  const found = policyChecks(of, roundSeconds).find(({ check: each }) => each === name);
  assert.ok(found, name);
  return found;
}

describe("a policy", () => {
  test("takes what is left out from the configuration, and else from what is usual", () => {
    assert.equal(resolvePolicy({ primarySite: "a" }, {}), undefined);
    const given = policy({}, { rpoSeconds: 60, backupIntervalSeconds: 600, autoFailover: true, failoverThreshold: 5 });
    assert.equal(given.rpoSeconds, 60);
    assert.equal(given.replicationIntervalSeconds, 30);
    assert.equal(given.autoFailover, true);
    assert.equal(given.failoverThreshold, 5);
    assert.equal(policy({ rpoSeconds: 120 }, { rpoSeconds: 60 }).rpoSeconds, 120);
    assert.equal(policy({}, { replicationEnabled: false }).replication, "off");
    assert.equal(policy().rpoSeconds, 900);
  });

  test("that backs up hourly, without replication, is refused an RPO of 5 minutes with the arithmetic", () => {
    const asked = policy({ replication: "off", backupIntervalSeconds: 3600, rpoSeconds: 300 });
    const { result, detail, remedy } = check("policy-rpo", asked);
    assert.equal(result, "fail");
    assert.match(detail, /a backup is made every 3600 s, so up to 3600 s may be lost.*RPO of 300 s by 3300 s/);
    assert.match(remedy ?? "", /Turn replication on, make the backup interval at most 300 s/);
    assert.equal(check("policy-rpo", policy({ rpoSeconds: 300 })).result, "pass");
  });

  test("counts how long a round takes", () => {
    const asked = policy({ rpoSeconds: 300, replicationIntervalSeconds: 200 });
    assert.equal(worstLossSeconds(asked, 100), 300);
    assert.equal(check("policy-rpo", asked, 100).result, "pass");
    const slow = check("policy-rpo", asked, 101);
    assert.equal(slow.result, "fail");
    assert.match(slow.detail, /200 \+ 101 = 301 s may be lost/);
    // Rounds that take longer than their interval follow each other.
    assert.equal(worstLossSeconds(asked, 250), 500);
    assert.equal(roundIntervalSeconds(policy({ replication: "continuous" })), 0);
  });

  test("is refused where it protects a site at itself, or gives an interval that nothing uses", () => {
    assert.equal(check("policy-sites", policy({ recoverySite: "a" })).result, "fail");
    const odd = { ...policy({ replication: "off" }), replicationIntervalSeconds: 60 };
    assert.equal(check("policy-interval", odd).result, "fail");
  });
});

describe("where a group stands", () => {
  const at = Date.parse("2026-01-01T00:10:00Z");
  const group: ProtectionGroup = {
    ...{ groupId: "g", name: "shop", workflowId: "protection/g", state: "protected" as const, epoch: 0 },
    ...{ currentSite: "a", writableSite: "a", replicatesTo: "b", createdBy: "user/u" },
    policy: policy({ rpoSeconds: 300 }),
    members: [{ position: 0, name: "web", vmId: "v1", tags: {} }],
    createdAt: "2026-01-01T00:00:00Z",
  };

  test("is told by its newest point, and by its age while there is none", () => {
    assert.deepEqual(lagOf(group, { takenAt: "2026-01-01T00:06:00Z" }, at), { lagSeconds: 240, breached: false });
    assert.deepEqual(lagOf(group, { takenAt: "2026-01-01T00:04:00Z" }, at), { lagSeconds: 360, breached: true });
    assert.deepEqual(lagOf(group, undefined, at), { breached: true });
    assert.deepEqual(lagOf(group, undefined, Date.parse(group.createdAt)), { breached: false });
  });

  test("is told in the words of the earlier system", () => {
    const newest = { pointId: "g-p1", takenAt: "2026-01-01T00:06:00Z" };
    const { failover, backups } = statusOf(viewGroup(group, newest, at), 12);
    assert.deepEqual(failover, { isActive: false, currentSite: "a" });
    const row = { resourceId: "v1", name: "web", lastBackup: newest.takenAt, predictedRtoSeconds: 12 };
    assert.deepEqual(backups, [{ ...row, state: "protected" }]);
    assert.equal(statusOf(viewGroup(group, undefined, at), undefined).backups[0]?.state, "none");
    const late = viewGroup(group, newest, at + 600_000);
    assert.equal(statusOf(late, undefined).backups[0]?.state, "lagging");
    const { replicatesTo: _nowhere, ...away } = { ...group, currentSite: "b" };
    assert.equal(statusOf(viewGroup(away, undefined, at), undefined).failover.isActive, true);
  });
});
