import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CreateVolumeCommand, DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { createRegistry } from "../../src/providers/registry.ts";
import { connectClient } from "../../src/temporal/connection.ts";
import { ensureWatches } from "../../src/temporal/watches.ts";
import { startTestApi } from "../api/support/harness.ts";
import { harness, openPrivateHost } from "../providers/support/libvirt.ts";
import { startAwsLab, until } from "../sandbox/aws/support.ts";
import { smallDeps, startSmallListener, startSmallWorker } from "../support/small-worker.ts";

/** Nothing here reads a site at its turn: what shows up was told. */
const stops: (() => Promise<void>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});
const own = { after: (stop: () => Promise<void>) => void stops.push(stop) };
const lab = await startAwsLab();
own.after(() => lab.close());
const noHost = harness.unavailable();
const host = noHost === undefined ? await openPrivateHost() : undefined;
if (host) own.after(() => host.close());
const { uri = "", storagePath = "", runDir = "" } = (host?.descriptor ?? {}) as Record<string, string>;
const sites = ["aws", ...(host ? ["rack"] : [])];
const api = await startTestApi(own, {
  worker: false,
  limits: { askMs: 60_000 },
  deps: {
    sites: sites.map((site) => ({ site, kind: site === "aws" ? "aws" : "libvirt", enabled: true, simulated: true })),
  },
});
const client = await connectClient({ address: api.temporalAddress, namespace: "default" });
own.after(() => client.connection.close());

const { id, secret } = lab.aws.cloud.identity.administratorKeys;
const credentials = async () => ({ type: "access_key", values: { access_key: id, secret_key: secret } });
const aws = { site: "aws", type: "aws", region: "us-east-1", endpoint: lab.aws.endpoint, sandbox: true, credentials };
const registry = createRegistry(
  [
    { ...aws, enabled: true },
    { site: "rack", type: "libvirt", enabled: host !== undefined, uri, storagePath },
  ],
  {
    tools: loadHostTools(toolsManifestPath()),
    runDir,
    context: (site) => ({ site, log: () => undefined, budget: () => ({ take: async () => {} }) }),
  },
);
own.after(() => registry.close());
const deps = smallDeps({ registry, store: api.store });

interface Site {
  readonly site: string;
  readonly change_events?: { listening: boolean; changes: number; error?: string };
}
async function changeEvents(site: string): Promise<Site["change_events"]> {
  const { body } = await api.call("GET", "/v1/sites");
  return (body as unknown as { items: Site[] }).items.find((one) => one.site === site)?.change_events;
}
async function found(query: string): Promise<{ resource_id: string; state?: string }[]> {
  const { body } = await api.call("GET", `/v1/resources?q=${encodeURIComponent(query)}`);
  return (body as unknown as { items: { resource_id: string; state?: string }[] }).items;
}
const listens = (site: string) =>
  until(async () => {
    const row = await changeEvents(site);
    assert.ok(row?.listening, JSON.stringify(row));
  });
const shows = (query: string, ids: readonly string[]) =>
  until(async () => {
    const seen = await found(query);
    assert.deepEqual(seen.map(({ resource_id: each }) => each).sort(), [...ids].sort());
  });
const lengthOf = async (site: string) =>
  (await client.workflow.getHandle(`inventory/${site}/changes`).describe()).historyLength;
const volume = async () =>
  (await lab.ec2().send(new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 1 }))).VolumeId ?? "";

describe("what a site tells of its changes", () => {
  let endListener = async () => {};
  before(async () => {
    own.after(await startSmallWorker(api.temporalAddress, deps));
    endListener = await startSmallListener(api.temporalAddress, deps);
    own.after(() => endListener());
  });

  test("is not heard where nothing was set up for it, and the site says why", async () => {
    await ensureWatches(client, ["aws"]);
    await until(async () => {
      const row = await changeEvents("aws");
      assert.equal(row?.listening, false);
      assert.match(row?.error ?? "", /no queue novacron-events/);
    });
  });

  test("is heard once AWS is set up as the README says, and shows without anybody asking", async () => {
    const sqs = new SQSClient(lab.config());
    const events = new EventBridgeClient(lab.config());
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "novacron-events" }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
    const Resource = Attributes?.QueueArn;
    const allowed = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ ...allowed, Resource }] });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    const source = ["aws.ec2", "aws.tag", "aws.autoscaling", "aws.elasticloadbalancing"];
    const Name = "novacron-events";
    await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source }) }));
    await events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "novacron", Arn: Resource }] }));
    await listens("aws");
    const before = await lengthOf("aws");
    const volumes = [await volume()];
    await shows("volumes site:aws", volumes);
    for (let more = 0; more < 3; more++) {
      volumes.push(await volume());
      await shows("volumes site:aws", volumes);
    }
    assert.equal(await lengthOf("aws"), before, "what was told left something in the history");
    assert.ok(((await changeEvents("aws"))?.changes ?? 0) >= 4);
    sqs.destroy();
    events.destroy();
  });

  test("waits for the next listener where the last one ended, or died", async () => {
    const known = (await found("volumes site:aws")).map(({ resource_id: each }) => each);
    await endListener();
    const missed = await volume();
    endListener = await startSmallListener(api.temporalAddress, deps);
    await shows("volumes site:aws", [...known, missed]);
  });

  test("of calls comes by way of a trail, for what tells nothing by itself", async () => {
    lab.aws.cloud.changeSettings({ trail: true, networkPendingMs: 0 });
    const { Subnets = [] } = await lab.ec2().send(new DescribeSubnetsCommand({}));
    const subnets = Subnets.map(({ SubnetId = "" }) => SubnetId);
    const { CreateLoadBalancerCommand, ElasticLoadBalancingV2Client } = await import(
      "@aws-sdk/client-elastic-load-balancing-v2"
    );
    const elb = new ElasticLoadBalancingV2Client(lab.config());
    const { LoadBalancers } = await elb.send(
      new CreateLoadBalancerCommand({ Name: "shop", Subnets: subnets.slice(0, 2) }),
    );
    await shows("load-balancers site:aws", [LoadBalancers?.[0]?.LoadBalancerArn ?? ""]);
    elb.destroy();
  });

  test("of a KVM host are its domains' events, over rounds of listening", { skip: noHost ?? false }, async () => {
    const virsh = async (args: readonly string[], input?: string) => {
      const tools = loadHostTools(toolsManifestPath());
      const result = await tools.run(
        "virsh",
        ["--quiet", "--connect", uri, ...args],
        input === undefined ? {} : { input },
      );
      assert.equal(result.exitCode, 0, result.stderr);
      return result.stdout.trim();
    };
    await ensureWatches(client, sites, { roundMs: 4_000 });
    await listens("rack");
    const { runId } = await client.workflow.getHandle("inventory/rack/changes").describe();
    await virsh(
      ["define", "/dev/stdin"],
      `<domain type="qemu"><name>it's "odd"</name><memory unit="MiB">64</memory><os><type>hvm</type></os></domain>`,
    );
    const vmId = await virsh(["domuuid", `it's "odd"`]);
    const inState = (state: string) =>
      until(async () =>
        assert.deepEqual(
          (await found("vms site:rack")).map((vm) => [vm.resource_id, vm.state]),
          [[vmId, state]],
        ),
      );
    await inState("stopped");
    await virsh(["start", "--paused", vmId]);
    await inState("paused");
    await until(async () => {
      const now = await client.workflow.getHandle("inventory/rack/changes").describe();
      assert.notEqual(now.runId, runId);
    });
    await virsh(["destroy", vmId]);
    await inState("stopped");
    await virsh(["undefine", vmId]);
    await shows("vms site:rack", []);
  });

  test("is heard no more of sites that are not configured any longer", async () => {
    await ensureWatches(client, []);
    for (const site of sites) {
      await until(async () => {
        const { status } = await client.workflow.getHandle(`inventory/${site}/changes`).describe();
        assert.equal(status.name, "CANCELLED");
      });
    }
  });
});
