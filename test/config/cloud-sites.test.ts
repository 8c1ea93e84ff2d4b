import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { fileWith } from "../support/config-file.ts";

function sites(context: TestContext, content: string) {
  return loadConfig({ file: fileWith(context, content), env: {} }).sites;
}

test("a site of Google Cloud is a zone of a project", (context) => {
  const place = "project_id: p, region: europe-west1, zone: europe-west1-b";
  const helpers = "helper_image: projects/p/global/images/h, helper_network: helpers";
  const [site] = sites(context, `providers: [{ name: gcp, ${place}, ${helpers} }]`);
  assert.deepEqual(
    [site?.site, site?.enabled, site?.projectId, site?.zone, site?.helperImage, site?.helperNetwork],
    ["gcp-europe-west1", true, "p", "europe-west1-b", "projects/p/global/images/h", "helpers"],
  );
});

test("a site of DigitalOcean is a region of the team that its token is of", (context) => {
  const credentials = "{ type: api_token, token: t }";
  const [site] = sites(context, `providers: [{ name: digitalocean, region: ams3, credentials: ${credentials} }]`);
  assert.deepEqual([site?.site, site?.enabled, site?.credentials?.type], ["digitalocean-ams3", true, "api_token"]);
  assert.deepEqual(Object.keys(site?.credentials?.values ?? {}), ["token"]);
});

test("a cloud's site says how its costs are told", (context) => {
  const [aws] = sites(context, "providers: [{ name: aws, region: us-east-1, cost_tag: team }]");
  assert.equal(aws?.costTag, "team");
  const table = "acme.billing.gcp_billing_export_v1_01";
  const [gcp] = sites(context, `providers: [{ name: gcp, project_id: p, billing_table: ${table} }]`);
  assert.equal(gcp?.billingTable, table);
  const refused = (entry: string, why: RegExp) => assert.throws(() => sites(context, `providers: [${entry}]`), why);
  refused("{ name: gcp, project_id: p, billing_table: billing }", /project\.dataset\.table/);
  refused(`{ name: aws, billing_table: ${table} }`, /only a site of Google Cloud/);
  refused("{ name: gcp, project_id: p, cost_tag: team }", /with all their tags/);
});
