import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CreateVolumeCommand } from "@aws-sdk/client-ec2";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { createRegistry } from "../../src/providers/registry.ts";
import { startTestApi } from "../api/support/harness.ts";
import { startAwsLab } from "../sandbox/aws/support.ts";
import { smallDeps, startSmallWorker } from "../support/small-worker.ts";

/** All regions that the simulated AWS has, each a site of its own, read by the adapter through the vendor's SDK. */
const regions = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1"];
const siteOf = (region: string) => `aws-${region}`;
const failing = "eu-west-1";

const stops: (() => Promise<void>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});
const own = { after: (stop: () => Promise<void>) => void stops.push(stop) };
const lab = await startAwsLab();
own.after(() => lab.close());
const api = await startTestApi(own, {
  worker: false,
  limits: { askMs: 60_000 },
  deps: {
    sites: regions.map((region) => ({ site: siteOf(region), kind: "aws", region, enabled: true, simulated: true })),
  },
});

before(async () => {
  const { id, secret } = lab.aws.cloud.identity.administratorKeys;
  const credentials = async () => ({ type: "access_key", values: { access_key: id, secret_key: secret } });
  const registry = createRegistry(
    regions.map((region) => ({
      ...{ site: siteOf(region), type: "aws", enabled: true, region, endpoint: lab.aws.endpoint, sandbox: true },
      credentials,
    })),
    {
      tools: loadHostTools(toolsManifestPath()),
      runDir: "",
      context: (site) => ({ site, log: () => undefined, budget: () => ({ take: async () => {} }) }),
    },
  );
  const endWorker = await startSmallWorker(api.temporalAddress, smallDeps({ registry, store: api.store }));
  own.after(async () => {
    await endWorker();
    await registry.close();
  });
});

interface Freshness {
  readonly complete: boolean;
  readonly summary: string;
  readonly sites: readonly { site: string; up_to_date: boolean; problems: readonly { error: string }[] }[];
}
interface Refreshed {
  readonly sites: readonly { site: string; read: boolean; error?: string }[];
  readonly freshness: Freshness;
}

async function volume(region: string, sizeGib: number, env: string): Promise<string> {
  const made = await lab.ec2({ region }).send(
    new CreateVolumeCommand({
      AvailabilityZone: `${region}a`,
      Size: sizeGib,
      VolumeType: "gp3",
      TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "env", Value: env }] }],
    }),
  );
  return made.VolumeId ?? "";
}
const refresh = async () =>
  (await api.call("POST", "/v1/resources/refresh", { body: {} })).body as unknown as Refreshed;
async function idsOf(query: string): Promise<{ ids: string[]; freshness: Freshness }> {
  const { body } = await api.call("GET", `/v1/resources?${query}`);
  const found = body as unknown as { items: { resource_id: string }[]; freshness: Freshness };
  return { ids: found.items.map(({ resource_id: id }) => id).sort(), freshness: found.freshness };
}

describe("an inventory of five simulated regions", () => {
  const volumes: Record<string, string> = {};

  test("reads each of them, with what AWS gives every account", async () => {
    for (const region of regions) volumes[region] = await volume(region, 8, "prod");
    const { sites, freshness } = await refresh();
    assert.deepEqual(
      sites,
      regions.map((region) => ({ site: siteOf(region), read: true })),
    );
    assert.equal(freshness.complete, true, JSON.stringify(freshness));
    assert.match(freshness.summary, /^aws: 5 of 5 regions, \d+ s old$/);
    assert.deepEqual((await idsOf("q=volumes")).ids, Object.values(volumes).sort());
    for (const kind of ["networks", "subnets", "security-groups"])
      assert.ok((await idsOf(`q=${kind} site:aws-us-west-2`)).ids.length > 0, kind);
  });

  test("has what AWS only lists, each in its region, and none where there is none", async () => {
    const kinds = ["load-balancer", "scaling-group", "tunnel"] as const;
    for (const kind of kinds)
      lab.aws.admin.makeSample({ kind, name: "shop", region: "us-west-2", tags: { env: "prod" } });
    await refresh();
    for (const kind of kinds) {
      const { ids, freshness } = await idsOf(`q=kind:${kind} name:shop tag.env=prod`);
      assert.equal(ids.length, 1, kind);
      assert.equal(freshness.complete, true);
      assert.deepEqual((await idsOf(`q=kind:${kind} -site:aws-us-west-2`)).ids, []);
    }
  });

  test("keeps the rows of one that fails with their age, and every total says so", async () => {
    const left = volumes[failing] ?? "";
    // As if the readings so far were of twelve minutes ago.
    await api.sql("update inventory_reads set observed_at = observed_at - interval '12 minutes'");
    lab.aws.cloud.faults.add({ fault: "5xx", region: failing });
    const added = await volume("us-east-2", 16, "prod");
    const { sites, freshness } = await refresh();
    assert.deepEqual(
      sites.filter(({ read }) => !read).map(({ site }) => site),
      [siteOf(failing)],
    );
    assert.equal(freshness.summary, "aws: 4 of 5 regions, 12 min old");
    const found = await idsOf("q=volumes tag.env=prod");
    assert.deepEqual(found.ids, [...Object.values(volumes), added].sort());
    assert.ok(found.ids.includes(left));
    const stale = found.freshness.sites.filter(({ up_to_date: good }) => !good);
    assert.deepEqual(
      stale.map(({ site, problems }) => [site, problems.length > 0]),
      [[siteOf(failing), true]],
    );
    const { body } = await api.call("GET", "/v1/unified-view?q=volumes");
    const view = body as unknown as { freshness: Freshness; total_cost: { known?: object; unknown_resources: number } };
    assert.equal(view.freshness.summary, "aws: 4 of 5 regions, 12 min old");
    assert.equal((await idsOf(`q=volumes -region:${failing}`)).freshness.complete, true);
  });

  test("is whole again when the region is back", async () => {
    lab.aws.cloud.faults.clear();
    assert.equal((await refresh()).freshness.complete, true);
  });
});
