import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../../src/domain/errors.ts";
import { changesOf, eventsQueue } from "../../src/providers/azure/events.ts";
import type { SiteChange } from "../../src/providers/events-facet.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { type AzureLab, startAzureLab } from "../sandbox/azure/support.ts";
import { addressOf, connectAzure } from "./support/azure.ts";

let lab: AzureLab;
let provider: Provider;
const signal = AbortSignal.timeout(60_000);
before(async () => {
  lab = await startAzureLab({ consistencyMs: 0 });
  provider = connectAzure(addressOf(lab), { eventsEveryMs: 50 });
});
after(async () => {
  await provider.close();
  await lab.close();
});

function heard(ending?: AbortSignal): AsyncGenerator<readonly SiteChange[]> {
  const { events } = provider;
  assert.ok(events);
  return events.watch(ending ? AbortSignal.any([signal, ending]) : signal) as AsyncGenerator<readonly SiteChange[]>;
}

/** As `az` does it. */
async function put(host: string, path: string, scope: string, body?: object): Promise<number> {
  const { token } = await lab.credential().getToken(scope);
  const answer = await fetch(`${lab.azure.endpoint}${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "x-forwarded-host": host, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  await answer.text();
  return answer.status;
}

test("nothing is heard where the queue was not made, and it is said how to", async () => {
  await assert.rejects(heard().next(), (error) => {
    assert.ok(isProviderError(error, "UnsupportedCapability"), String(error));
    assert.match(error.message, /no queue novacron-events/);
    return true;
  });
});

test("what changes in the group is told, again until it was taken, and then no more", async () => {
  const { subscriptionId, resourceGroup, storageAccount } = lab.azure;
  const host = `${storageAccount.name}.queue.core.windows.net`;
  assert.equal(await put(host, `/${eventsQueue}`, "https://storage.azure.com/.default"), 201);
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  const resourceId = `${group}/providers/Microsoft.Storage/storageAccounts/${storageAccount.name}`;
  const types = ["Write", "Delete", "Action"].map((verb) => `Microsoft.Resources.Resource${verb}Success`);
  const path = `${group}/providers/Microsoft.EventGrid/eventSubscriptions/novacron-events?api-version=2025-02-15`;
  const properties = {
    destination: { endpointType: "StorageQueue", properties: { resourceId, queueName: eventsQueue } },
    filter: { includedEventTypes: types },
  };
  const arm = "https://management.azure.com/.default";
  assert.equal(await put("management.azure.com", path, arm, { properties }), 201);

  const { disks } = provider;
  const ending = new AbortController();
  const first = heard(ending.signal);
  assert.deepEqual((await first.next()).value, []);
  const volume = await disks.createVolume({ sizeBytes: 1, key: "told", tags: {} }, signal);
  assert.deepEqual((await first.next()).value, [{ kind: "volume" }]);
  // It ends before it has taken what it was told.
  ending.abort(new Error("enough"));
  await assert.rejects(first.next());
  const { queueMessages } = lab.azure.cloud.tables;
  assert.ok(queueMessages.size > 0);
  for (const message of queueMessages.values()) queueMessages.put({ ...message, visibleAt: 0 });

  const leaving = new AbortController();
  const second = heard(leaving.signal);
  assert.deepEqual((await second.next()).value, []);
  assert.deepEqual((await second.next()).value, [{ kind: "volume" }]);
  await disks.deleteVolume(volume.volumeId, signal);
  assert.deepEqual((await second.next()).value, [{ kind: "volume" }]);
  // Asking for more says that this was taken.
  void second.next().catch(() => undefined);
  for (const end = Date.now() + 20_000; queueMessages.size > 0 && Date.now() < end; ) await sleep(20);
  assert.equal(queueMessages.size, 0);
  leaving.abort();
});

test("an event says what it was about, in whatever case, and others' groups are left alone", () => {
  const of = (subject: string) =>
    changesOf(Buffer.from(JSON.stringify({ subject })).toString("base64"), "novacron").map(({ kind }) => kind);
  const group = "/subscriptions/s/resourceGroups/NOVACRON/providers";
  assert.deepEqual(of(`${group}/Microsoft.Compute/virtualMachines/web`), ["vm", "volume", "address"]);
  assert.deepEqual(of(`${group}/microsoft.network/VIRTUALNETWORKS/v/subnets/s`), ["network", "subnet"]);
  assert.deepEqual(of("/subscriptions/s/resourceGroups/other/providers/Microsoft.Compute/disks/d"), []);
  assert.deepEqual(of(`${group}/Microsoft.Web/sites/x`), []);
  assert.deepEqual(changesOf("bm90IGpzb24=", "novacron"), []);
});
