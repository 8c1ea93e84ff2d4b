import assert from "node:assert/strict";
import { after, test } from "node:test";
import { readPolicies } from "../../src/domain/policy/book.ts";
import { keepVms, sampleVm } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false });
interface Shown {
  readonly name: string;
  readonly enabled: boolean;
  readonly version: number;
  readonly scope: string;
  readonly severity: string;
  readonly actions: readonly string[];
  readonly pack?: string;
  readonly detail: string;
  readonly action: string;
  readonly items: readonly (Shown & { readonly finding_id: string })[];
  readonly exemption_id: string;
  readonly revoked_at?: string;
  readonly why?: string;
  readonly remedy: string;
  readonly policy_violations: number;
  readonly controls: readonly { control_id: string; standing: string; not_checked: string }[];
  readonly outside: readonly string[];
}
const call = async (method: string, path: string, body?: object) =>
  (await api.call(method, path, body ? { body } : {})) as unknown as { status: number; body: Shown };

const draft = {
  ...{
    name: "vm-owner",
    type: "tagging",
    severity: "low",
    description: "Somebody answers for it.",
    scope: "vms name:db-*",
  },
  ...{
    requirement: { require: { field: "tags.owner", operator: "exists" } },
    remedy: "Tag it.",
    actions: ["notify", "block"],
  },
};
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

test("a policy is made, changed in parts, switched off and removed", async () => {
  const made = await call("POST", "/v1/policies", draft);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.deepEqual([made.body.enabled, made.body.version, made.body.scope], [true, 1, "vms name:db-*"]);
  assert.equal((await call("POST", "/v1/policies", draft)).status, 409);
  const changed = await call("POST", "/v1/policies/vm-owner", { severity: "high" });
  const { severity, scope, actions, version } = changed.body;
  assert.deepEqual([severity, scope, actions, version], ["high", "vms name:db-*", ["notify", "block"], 2]);
  const off = await call("POST", "/v1/policies/vm-owner", { enabled: false });
  assert.deepEqual([off.body.enabled, off.body.severity, off.body.version], [false, "high", 3]);
  assert.equal((await call("DELETE", "/v1/policies/vm-owner")).status, 200);
  assert.equal((await call("GET", "/v1/policies/vm-owner")).status, 404);
});

test("a rule, a scope and a remediation that can't be are refused with the place", async () => {
  const refused = async (more: object, words: RegExp) => {
    const answer = await call("POST", "/v1/policies", { ...draft, name: "refused", ...more });
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    assert.match(`${answer.body.detail} ${answer.body.action}`, words);
  };
  const bad = { field: "tags.owner", operator: "greater_than", value: 1 };
  await refused({ requirement: { forbid: { all: [bad] } } }, /forbid\.all\[0\].*can't be compared by greater_than/s);
  await refused({ scope: "cpus>many" }, /column/);
  await refused({ actions: ["remediate"] }, /nothing says how/);
  await refused({ actions: ["remediate"], remediation: { kind: "close_rules" } }, /this one requires something/);
});

test("a pack is installed once, and leaves what is there as it is", async () => {
  const { body } = await call("POST", "/v1/policy-packs/required-tags/install");
  assert.deepEqual(
    body.items.map(({ name, pack }) => [name, pack]),
    [
      ["tags-owner", "required-tags"],
      ["tags-environment", "required-tags"],
    ],
  );
  await call("POST", "/v1/policies/tags-owner", { severity: "critical" });
  const again = await call("POST", "/v1/policy-packs/required-tags/install");
  assert.equal(again.body.items[0]?.severity, "critical");
  assert.equal((await call("POST", "/v1/policy-packs/none/install")).status, 404);
});

test("an exemption and a standing approval have an end, and a policy that they are of", async () => {
  const exemption = {
    policy: "tags-owner",
    scope: "name:db-*",
    owner: "ops",
    reason: "is sold",
    expires_at: inDays(30),
  };
  const refused = async (path: string, body: object, words: RegExp) => {
    const answer = await call("POST", path, body);
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    assert.match(answer.body.detail, words);
  };
  await refused("/v1/policy-exemptions", { ...exemption, expires_at: inDays(-1) }, /has passed/);
  await refused("/v1/policy-exemptions", { ...exemption, expires_at: inDays(1_000) }, /two years/);
  await refused("/v1/policy-exemptions", { ...exemption, scope: " " }, /no policy any more/);
  const made = await call("POST", "/v1/policy-exemptions", exemption);
  assert.equal(made.status, 201);
  const gone = await call("DELETE", `/v1/policy-exemptions/${made.body.exemption_id}`);
  assert.ok(gone.body.revoked_at);
  const approval = { policy: "tags-environment", most: 5, reason: "always", expires_at: inDays(30) };
  await refused("/v1/policy-approvals", approval, /doesn't say how/);
  const approved = await call("POST", "/v1/policy-approvals", { ...approval, policy: "tags-owner" });
  assert.equal(approved.status, 201, JSON.stringify(approved.body));
});

test("a finding says what breaks the policy, the unified view counts it, and a report what isn't checked", async () => {
  await keepVms(api.store, "onprem-a", [sampleVm("onprem-a", "web-1")]);
  const policy = await api.store.policies.get("tags-owner");
  assert.ok(policy);
  const [compiled] = readPolicies([policy], [], Date.now());
  assert.ok(compiled);
  await api.store.findings.scan(compiled, { now: Date.now(), residency: {} });
  const { body } = await call("GET", "/v1/policy-findings?policy=tags-owner&state=open");
  const [finding] = body.items;
  const shown = await call("GET", `/v1/policy-findings/${finding?.finding_id}`);
  assert.deepEqual([shown.body.why, shown.body.remedy], ["owner: none", "Give it the tag owner, team or contact."]);
  const view = await call("GET", "/v1/unified-view");
  assert.equal(view.body.policy_violations, body.items.length);
  const report = await call("GET", "/v1/compliance-reports/hipaa");
  const control = report.body.controls.find(({ control_id: id }) => id === "164.310(d)(2)(iii)");
  assert.equal(control?.standing, "violated");
  assert.ok(control.not_checked !== "" && report.body.outside.length > 0);
  const either = await call("POST", "/v1/policy-dry-runs", {});
  assert.match(either.body.detail, /Either `policy` or `draft`/);
  const every = { policy: "tags-owner", from: "30d", every_hours: 1 };
  assert.match((await call("POST", "/v1/policy-dry-runs", every)).body.detail, /32 is the most/);
});
