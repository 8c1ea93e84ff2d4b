import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Provider } from "../../src/providers/provider.ts";
import { startAzureLab } from "../sandbox/azure/support.ts";
import { startGcpLab } from "../sandbox/gcp/support.ts";
import { startOciLab } from "../sandbox/oci/support.ts";
import { addressOf as azureAddress, connectAzure } from "./support/azure.ts";
import { connectGcp } from "./support/gcp.ts";
import { connectOci, addressOf as ociAddress } from "./support/oci.ts";

interface Cloud {
  readonly name: string;
  readonly provider: Provider;
  /** What its owner makes behind the adapter's back. */
  sample(order: object): object;
  /** Whether the kind carries tags there. */
  tagged(kind: string): boolean;
  /** Makes VMs members of the group. */
  join(group: string, vmIds: readonly string[]): void;
  readonly types: { readonly balancer: string; readonly tunnel: string };
  readonly networks: readonly string[];
}

const [azureLab, gcpLab, ociLab] = await Promise.all([
  startAzureLab({ consistencyMs: 0 }),
  startGcpLab({ consistencyMs: 0, emptyFirstPage: true }),
  startOciLab(),
]);
const azure = connectAzure(azureAddress(azureLab));
const { project, zone, endpoint, serviceAccountKey: key } = gcpLab.gcp;
const gcp = connectGcp({ project, zone, endpoint, key });
const oci = connectOci(ociAddress(ociLab));
after(async () => {
  await Promise.all([azure, gcp, oci].map((provider) => provider.close()));
  await Promise.all([azureLab.close(), gcpLab.close(), ociLab.close()]);
});

const clouds: readonly Cloud[] = [
  {
    name: "Azure",
    provider: azure,
    sample: (order) => azureLab.azure.admin.makeSample(order),
    tagged: () => true,
    join: () => undefined,
    types: { balancer: "Standard", tunnel: "IPsec" },
    networks: ["novacron/default"],
  },
  {
    name: "Google Cloud",
    provider: gcp,
    sample: (order) => gcpLab.gcp.admin.makeSample(order),
    tagged: (kind) => kind !== "scaling-group",
    join(group, vmIds) {
      const { listed } = gcpLab.gcp.cloud.tables;
      const id = `zones/${zone}/instanceGroupManagers/${group}`;
      const manager = listed.get(id);
      assert.ok(manager);
      listed.put({ ...manager, members: vmIds.map((vmId) => `zones/${zone}/instances/${vmId}`) });
    },
    types: { balancer: "EXTERNAL", tunnel: "HA_VPN" },
    networks: ["default"],
  },
  {
    name: "Oracle Cloud",
    provider: oci,
    sample: (order) => ociLab.oci.admin.makeSample(order),
    tagged: () => true,
    join(group, instanceIds) {
      const { instancePools } = ociLab.oci.cloud.tables;
      const pool = instancePools.find(({ displayName }) => displayName === group);
      assert.ok(pool);
      instancePools.put({ ...pool, instanceIds });
    },
    types: { balancer: "flexible", tunnel: "ipsec" },
    networks: [ociLab.oci.network.subnetId],
  },
];

const signal = AbortSignal.timeout(120_000);
const listOf = async <T>(list: AsyncIterable<T> | undefined): Promise<T[]> => Array.fromAsync(list ?? []);

for (const { name, provider, sample, tagged, join, types, networks } of clouds) {
  describe(`the adapter lists at the simulated ${name}`, () => {
    const { loadBalancers, scalingGroups, tunnels } = provider;
    const made = (kind: string, of: string) => sample({ kind, name: of, tags: { team: of } });
    const teamOf = (kind: string, team: string) => (tagged(kind) ? { team } : {});

    test("load balancers", async () => {
      assert.deepEqual(await listOf(loadBalancers?.listLoadBalancers(signal)), []);
      made("load-balancer", "shop");
      const [found, ...more] = await listOf(loadBalancers?.listLoadBalancers(signal));
      assert.deepEqual(more, []);
      assert.deepEqual(
        [found?.name, found?.type, found?.tags],
        ["shop", types.balancer, teamOf("load-balancer", "shop")],
      );
    });

    test("scaling groups with their bounds, their networks and their members", async () => {
      assert.deepEqual(await listOf(scalingGroups?.listScalingGroups(signal)), []);
      made("scaling-group", "web");
      const [found, ...more] = await listOf(scalingGroups?.listScalingGroups(signal));
      assert.deepEqual(more, []);
      assert.deepEqual(
        [found?.name, found?.minVms, found?.wantedVms, found?.vmIds, found?.networkIds],
        ["web", 0, 0, [], networks],
      );
      assert.deepEqual(found?.tags, teamOf("scaling-group", "web"));
      join("web", ["vm-1", "vm-2"]);
      const [now] = await listOf(scalingGroups?.listScalingGroups(signal));
      if (name !== "Azure") assert.deepEqual(now?.vmIds, ["vm-1", "vm-2"]);
    });

    test("tunnels with both of their sides", async () => {
      assert.deepEqual(await listOf(tunnels?.listTunnels(signal)), []);
      made("tunnel", "office");
      const [found, ...more] = await listOf(tunnels?.listTunnels(signal));
      assert.deepEqual(more, []);
      assert.deepEqual(
        [found?.name, found?.type, found?.peerAddress, found?.ends[0]?.up],
        ["office", types.tunnel, "198.51.100.1", true],
      );
      assert.deepEqual(found?.tags, teamOf("tunnel", "office"));
    });
  });
}

test("what leads to a VPN gateway, and not to what takes traffic, is no load balancer", async () => {
  const { listed } = gcpLab.gcp.cloud.tables;
  const [rule] = listed.where(({ id }) => id.includes("/forwardingRules/"));
  assert.ok(rule);
  const { backendService: _, ...json } = rule.json as Record<string, unknown>;
  const target = "https://www.googleapis.com/compute/v1/projects/p/regions/us-central1/targetVpnGateways/old";
  listed.put({ ...rule, id: `${rule.id}-vpn`, json: { ...json, target } });
  const found = await listOf(gcp.loadBalancers?.listLoadBalancers(signal));
  assert.deepEqual(
    found.map(({ name }) => name),
    ["shop"],
  );
});
