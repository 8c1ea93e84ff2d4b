// Long because it is one list of what Azure answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import type { Provider } from "../../../src/providers/provider.ts";
import type { DnsFacet, LoadBalancingFacet } from "../../../src/providers/traffic-facets.ts";
import { addressOf, connectAzure } from "../../providers/support/azure.ts";
import { type AzureTraffic, makeAzureBalancer, makeAzureTraffic } from "../../providers/support/azure-traffic.ts";
import { refuses } from "../../providers/support/refuses.ts";
import { resolverAt } from "../support-dns.ts";
import { mappersOf, modelsOf, unmapped, unread } from "./readers.ts";
import { type AzureLab, codeOf, quickly, startAzureLab } from "./support.ts";

const signal = AbortSignal.timeout(600_000);
const withinMs = 60_000;
const group = "novacron";
let lab: AzureLab;
let provider: Provider;
let dns: DnsFacet;
let balancing: Required<LoadBalancingFacet>;
let traffic: AzureTraffic;

before(async () => {
  lab = await startAzureLab({ probeMs: 20 });
  provider = connectAzure(addressOf(lab));
  dns = provider.dns as DnsFacet;
  balancing = provider.loadBalancing as Required<LoadBalancingFacet>;
  traffic = await makeAzureTraffic(lab);
});
after(async () => {
  await traffic?.close();
  await provider?.close();
  await lab?.close();
  assert.deepEqual(lab?.complaints ?? [], []);
});

test("the name servers answer with what was set, also after a restart", async () => {
  const { zoneId, name: zone } = traffic.zone;
  const name = `www.${zone}`;
  await dns.putRecord({ zoneId, record: { name, type: "A", ttlSeconds: 30, values: ["192.0.2.7"] } }, signal);
  const look = () => resolverAt(lab.azure.dnsPort).resolve4(name, { ttl: true });
  assert.deepEqual(await look(), [{ address: "192.0.2.7", ttl: 30 }]);
  await lab.restart();
  assert.deepEqual(await look(), [{ address: "192.0.2.7", ttl: 30 }]);
  await dns.deleteRecord({ zoneId, name, type: "A" }, signal);
  await assert.rejects(look(), { code: "ENOTFOUND" });
});

test("stale entity tags, a CNAME beside others and the zone's own records are refused by Azure's codes", async () => {
  const { zoneId, name: zone } = traffic.zone;
  const sets = lab.dns().recordSets;
  const first = await sets.createOrUpdate(group, zoneId, "a", "A", {
    ttl: 60,
    aRecords: [{ ipv4Address: "192.0.2.1" }],
  });
  const other = { ttl: 61, aRecords: [{ ipv4Address: "192.0.2.1" }] };
  assert.equal(
    await codeOf(sets.createOrUpdate(group, zoneId, "a", "A", other, { ifNoneMatch: "*" })),
    "PreconditionFailed",
  );
  await sets.createOrUpdate(group, zoneId, "a", "A", other, { ifMatch: first.etag ?? "" });
  assert.equal(
    await codeOf(sets.createOrUpdate(group, zoneId, "a", "A", other, { ifMatch: first.etag ?? "" })),
    "PreconditionFailed",
  );
  assert.equal(
    await codeOf(sets.createOrUpdate(group, zoneId, "a", "CNAME", { ttl: 1, cnameRecord: { cname: "b.example.org" } })),
    "Conflict",
  );
  const record = { name: `a.${zone}`, type: "CNAME", ttlSeconds: 60, values: ["b.example.org"] } as const;
  await refuses("Conflict", dns.putRecord({ zoneId, record }, signal));
  assert.equal(await codeOf(sets.delete(group, zoneId, "@", "SOA")), "BadRequest");
  assert.equal(await codeOf(sets.get(group, zoneId, "none", "A")), "NotFound");
  assert.equal(await codeOf(sets.get(group, "none.example.com", "a", "A")), "ResourceNotFound");
});

test("what others have noted on a set of records stays, and one that follows a resource is left alone", async () => {
  const { zoneId, name: zone } = traffic.zone;
  const sets = lab.dns().recordSets;
  const noted = { ttl: 60, metadata: { owner: "web" }, txtRecords: [{ value: ["one"] }] };
  await sets.createOrUpdate(group, zoneId, "noted", "TXT", noted);
  const record = { name: `noted.${zone}`, type: "TXT", ttlSeconds: 60, values: ["two"] } as const;
  await dns.putRecord({ zoneId, record }, signal);
  const after = await sets.get(group, zoneId, "noted", "TXT");
  assert.deepEqual([after.metadata, after.txtRecords], [{ owner: "web" }, [{ value: ["two"] }]]);
  const targetResource = { id: `/subscriptions/${lab.azure.subscriptionId}/resourceGroups/x/providers/y/z/alias` };
  await sets.createOrUpdate(group, zoneId, "alias", "A", { ttl: 60, targetResource });
  const key = { zoneId, name: `alias.${zone}`, type: "A" } as const;
  assert.equal(await dns.getRecord(key, signal), undefined);
  const values = ["192.0.2.1"];
  const change = { ...key, ttlSeconds: 60, values };
  await refuses("UnsupportedCapability", dns.putRecord({ zoneId, record: change }, signal));
  await refuses("UnsupportedCapability", dns.deleteRecord(key, signal));
});

test("Traffic Manager's name servers answer by weight, and not with what drains", async () => {
  const { pool, fqdn } = traffic;
  const { poolId } = pool;
  const [old, next] = ["192.0.2.1", "192.0.2.2"];
  const ids: string[] = [];
  for (const address of [old, next]) ids.push((await balancing.addTarget({ poolId, address }, signal)).targetId);
  const [first = "", second = ""] = ids;
  const resolver = resolverAt(lab.azure.dnsPort);
  await assert.rejects(resolver.resolve4(fqdn), { code: "ENOTFOUND" });
  const count = async (of: number) => {
    const seen: string[] = [];
    for (let query = 0; query < of; query++) seen.push(...(await resolver.resolve4(fqdn)));
    return [seen.filter((address) => address === old).length, seen.filter((address) => address === next).length];
  };
  await balancing.setWeights({ poolId, weights: { [first]: 75, [second]: 25 } }, signal);
  // A query that is sent again takes a turn, too.
  const [olds = 0, nexts = 0] = await count(8);
  assert.ok(olds + nexts === 8 && Math.abs(olds - 6) <= 1, `${olds} and ${nexts}`);
  await balancing.drainTarget({ poolId, targetId: first }, signal);
  assert.deepEqual(await count(4), [0, 4]);
  const drained = await balancing.waitUntilDrained({ poolId, targetId: first, withinMs }, signal);
  assert.equal(drained?.state, "drained");
  // As a whole: the other one keeps what it has.
  const both = { poolId, weights: { [first]: 1, [second]: 90 } };
  await refuses("UnsupportedCapability", balancing.setWeights(both, signal));
  const left = (await balancing.getPool(poolId, signal)).shares.find(({ shareId }) => shareId === second);
  assert.equal(left?.weight, 25);
  for (const targetId of ids) await balancing.removeTarget({ poolId, targetId }, signal);
  assert.equal(
    await codeOf(
      lab.trafficManager().endpoints.createOrUpdate(group, poolId.split("/")[1] ?? "", "ExternalEndpoints", "e", {
        target: "192.0.2.1",
        weight: 0,
      }),
    ),
    "BadRequest",
  );
});

test("an endpoint that is to get nothing yet is asked what the profile's monitor asks", async () => {
  const { poolId, target } = traffic.pool;
  const quiet = await balancing.addTarget({ poolId, ...target }, signal);
  const seen = await balancing.waitUntilHealthy({ poolId, targetId: quiet.targetId, withinMs }, signal);
  assert.deepEqual([quiet.state, seen?.state], ["unused", "healthy"]);
  const nobody = await balancing.addTarget({ poolId, address: "127.0.0.99", port: target.port }, signal);
  const waited = await balancing.waitUntilHealthy({ poolId, targetId: nobody.targetId, withinMs: 1 }, signal);
  assert.equal(waited?.state, "unhealthy", waited?.reason);
  for (const { targetId } of [quiet, nobody]) await balancing.removeTarget({ poolId, targetId }, signal);
});

test("a load balancer divides connections over its pool, and keeps those of a target that drains", async () => {
  const clients = new Set<Socket>();
  const servers: Server[] = [];
  const listen = async (host: string, port: number) => {
    const server = createServer((client) => {
      clients.add(client);
      client.on("error", () => client.destroy());
      client.write(`${host}\n`);
    });
    servers.push(server.listen(port, host));
    await once(server, "listening");
    return (server.address() as { port: number }).port;
  };
  const port = await listen("127.0.0.1", 0);
  await listen("127.0.0.2", port);
  const { poolId, host, port: frontPort } = await makeAzureBalancer(lab, port);
  const network = lab.network();
  const { id } = await network.virtualNetworks.get(group, "novacron");
  const [name = ""] = poolId.split("/");
  await network.loadBalancerBackendAddressPools.createOrUpdate(
    group,
    name,
    "web",
    { virtualNetwork: { id: id ?? "" }, loadBalancerBackendAddresses: [] },
    quickly,
  );
  try {
    const { endpoints, shares } = await balancing.getPool(poolId, signal);
    assert.deepEqual(endpoints, [{ host, port: frontPort }]);
    assert.deepEqual(shares, [{ shareId: "web", name: "web", accepts: "address" }]);
    const hold = async () => {
      const client = connect(frontPort, host);
      client.on("error", () => {});
      const [chunk] = (await once(client, "data", { signal })) as [Buffer];
      return { client, from: chunk.toString("utf8").trim() };
    };
    for (const address of ["127.0.0.1", "127.0.0.2"]) {
      const input = { poolId, address };
      const { targetId } = await balancing.addTarget(input, signal);
      assert.equal((await balancing.addTarget(input, signal)).targetId, targetId);
      const seen = await balancing.waitUntilHealthy({ poolId, targetId, withinMs }, signal);
      assert.deepEqual([seen?.state, seen?.port], ["healthy", port]);
    }
    await refuses("UnsupportedCapability", balancing.setWeights({ poolId, weights: { web: 1 } }, signal));
    const held = [await hold(), await hold()];
    assert.deepEqual(held.map(({ from }) => from).sort(), ["127.0.0.1", "127.0.0.2"]);
    for (let repeat = 0; repeat < 2; repeat++) await balancing.drainTarget({ poolId, targetId: "127.0.0.1" }, signal);
    const draining = await balancing.waitUntilDrained({ poolId, targetId: "127.0.0.1", withinMs: 1 }, signal);
    assert.equal(draining?.state, "draining");
    for (let connection = 0; connection < 4; connection++) {
      const { client, from } = await hold();
      assert.equal(from, "127.0.0.2");
      client.destroy();
    }
    assert.ok(held.every(({ client }) => !client.destroyed));
    for (const { client } of held) client.destroy();
    await balancing.addTarget({ poolId, address: "127.0.0.1" }, signal);
    const back = await balancing.waitUntilHealthy({ poolId, targetId: "127.0.0.1", withinMs }, signal);
    assert.equal(back?.state, "healthy");
    for (let repeat = 0; repeat < 2; repeat++) await balancing.removeTarget({ poolId, targetId: "127.0.0.1" }, signal);
    const left = await Array.fromAsync(balancing.listTargets(poolId, signal));
    assert.deepEqual(
      left.map(({ targetId }) => targetId),
      ["127.0.0.2"],
    );
    await refuses("InvalidInput", balancing.addTarget({ poolId, vmId: "vm" }, signal));
    await refuses("NotFound", balancing.getPool(`${name}/none`, signal));
  } finally {
    for (const client of clients) client.destroy();
    for (const server of servers) server.close();
  }
});

test("a VM is put into a pool by its network card, drained, taken back and taken out", async () => {
  const [network, compute] = [lab.network(), lab.compute()];
  const location = "eastus";
  const { id: subnetId = "" } = await network.subnets.get(group, "novacron", "default");
  const ipConfigurations = [{ name: "first", subnet: { id: subnetId } }];
  const nic = await network.networkInterfaces.createOrUpdate(group, "pooled", { location, ipConfigurations }, quickly);
  const creationData = { createOption: "Empty" };
  const disk = await compute.disks.createOrUpdate(group, "pooled", { location, diskSizeGB: 1, creationData }, quickly);
  // Without capacity: no guest is needed to be in a pool.
  lab.azure.cloud.changeSettings({ noCapacity: ["*"] });
  const vm = compute.virtualMachines.createOrUpdate(
    group,
    "pooled",
    {
      location,
      hardwareProfile: { vmSize: "Standard_B1s" },
      storageProfile: { osDisk: { createOption: "Attach", osType: "Linux", managedDisk: { id: disk.id ?? "" } } },
      networkProfile: { networkInterfaces: [{ id: nic.id ?? "", primary: true }] },
    },
    quickly,
  );
  await assert.rejects(Promise.resolve(vm));
  const { poolId } = await makeAzureBalancer(lab, 8_080);
  assert.equal((await balancing.getPool(poolId, signal)).shares[0]?.accepts, "vm");
  const targets = () => Array.fromAsync(balancing.listTargets(poolId, signal));
  for (let repeat = 0; repeat < 2; repeat++) {
    const { targetId, vmId } = await balancing.addTarget({ poolId, vmId: "pooled" }, signal);
    assert.deepEqual([targetId, vmId], ["pooled/first", "pooled"]);
  }
  const place = { poolId, targetId: "pooled/first" };
  for (let repeat = 0; repeat < 2; repeat++) await balancing.drainTarget(place, signal);
  assert.deepEqual(
    (await targets()).map(({ state }) => state),
    ["draining"],
  );
  await balancing.addTarget({ poolId, vmId: "pooled" }, signal);
  assert.notEqual((await targets())[0]?.state, "draining");
  for (let repeat = 0; repeat < 2; repeat++) await balancing.removeTarget(place, signal);
  assert.deepEqual(await targets(), []);
  await refuses("InvalidInput", balancing.addTarget({ poolId, address: "10.20.0.9" }, signal));
  // The card has one list of all its pools.
  const pools = [poolId, (await makeAzureBalancer(lab, 8_081)).poolId];
  await Promise.all(pools.map((each) => balancing.addTarget({ poolId: each, vmId: "pooled" }, signal)));
  const members = await Promise.all(pools.map((each) => Array.fromAsync(balancing.listTargets(each, signal))));
  assert.deepEqual(
    members.map((list) => list.map(({ vmId }) => vmId)),
    [["pooled"], ["pooled"]],
  );
});

test("the SDKs know every member of what was answered", async () => {
  const profile = traffic.pool.poolId.replace("traffic-manager/", "");
  const endpoint = [group, profile, "ExternalEndpoints", "told"] as const;
  const told = { target: "192.0.2.9", weight: 3, endpointStatus: "Enabled" };
  await lab.trafficManager().endpoints.createOrUpdate(...endpoint, told);
  await lab.trafficManager().profiles.get(group, profile);
  await lab.trafficManager().endpoints.delete(...endpoint);
  const network = lab.network();
  for await (const { name = "" } of network.loadBalancers.list(group)) {
    await network.loadBalancers.get(group, name);
    await network.loadBalancerLoadBalancingRules.health(group, name, "rule", quickly);
  }
  const [dnsMappers, trafficMappers, networks, rules] = await Promise.all([
    mappersOf("arm-dns"),
    mappersOf("arm-trafficmanager"),
    modelsOf("arm-network", "common"),
    modelsOf("arm-network", "network"),
  ]);
  const models: Readonly<Record<string, (body: unknown) => string[]>> = {
    dnszones: (body) => unmapped(dnsMappers, "Zone", body),
    "dnszones/A": (body) => unmapped(dnsMappers, "RecordSet", body),
    "dnszones/TXT": (body) => unmapped(dnsMappers, "RecordSet", body),
    trafficManagerProfiles: (body) => unmapped(trafficMappers, "Profile", body),
    "trafficManagerProfiles/externalEndpoints": (body) => unmapped(trafficMappers, "Endpoint", body),
    loadBalancers: (body) => unread(networks.loadBalancerDeserializer ?? assert.fail(), body),
    "loadBalancers/backendAddressPools": (body) =>
      unread(networks.backendAddressPoolDeserializer ?? assert.fail(), body),
    health: (body) => unread(rules.loadBalancerHealthPerRuleDeserializer ?? assert.fail(), body),
  };
  const seen = new Set<string>();
  for (const { request, body } of lab.answers) {
    const { type, up } = body as { type?: string; up?: number };
    const name = up === undefined ? type?.replace("Microsoft.Network/", "") : "health";
    const model = name === undefined ? undefined : models[name];
    if (!name || !model) continue;
    assert.deepEqual(model(body), [], request);
    seen.add(name);
  }
  assert.deepEqual([...seen].sort(), Object.keys(models).sort());
});
