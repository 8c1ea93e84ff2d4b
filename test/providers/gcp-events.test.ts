import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SiteChange } from "../../src/providers/events-facet.ts";
import { changesOf } from "../../src/providers/gcp/events.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { type GcpLab, startGcpLab } from "../sandbox/gcp/support.ts";
import { connectGcp } from "./support/gcp.ts";

let lab: GcpLab;
let provider: Provider;
const signal = AbortSignal.timeout(60_000);
before(async () => {
  lab = await startGcpLab({ emptyFirstPage: true, operationMs: 10 });
  const { project, zone, endpoint, serviceAccountKey: key } = lab.gcp;
  provider = connectGcp({ project, zone, endpoint, key }, { eventsEveryMs: 50 });
});
after(async () => {
  await provider.close();
  await lab.close();
});

async function* heard(ending: AbortSignal): AsyncGenerator<readonly SiteChange[]> {
  const { events } = provider;
  assert.ok(events);
  yield* events.watch(AbortSignal.any([signal, ending]));
}

test("what others change is told once it is done, and what was done before nobody hears again", async () => {
  const { disks } = provider;
  const early = await disks.createVolume({ sizeBytes: 1, key: "early", tags: {} }, signal);
  const ending = new AbortController();
  const changes = heard(ending.signal);
  assert.deepEqual((await changes.next()).value, []);
  const late = await disks.createVolume({ sizeBytes: 1, key: "late", tags: {} }, signal);
  assert.deepEqual((await changes.next()).value, [{ kind: "volume" }]);
  await disks.deleteVolume(late.volumeId, signal);
  assert.deepEqual((await changes.next()).value, [{ kind: "volume" }]);
  ending.abort(new Error("enough"));
  await assert.rejects(changes.next(), /enough|aborted/);
  await disks.deleteVolume(early.volumeId, signal);
});

test("what runs for longer than lists are read back is told of, too", async () => {
  const { project, zone, endpoint, serviceAccountKey: key, cloud } = lab.gcp;
  const eventsBackMs = { overlap: 1_000, listed: 0 };
  const listener = connectGcp({ project, zone, endpoint, key }, { eventsEveryMs: 50, eventsBackMs });
  cloud.changeSettings({ ...cloud.settings, operationMs: 3_000 });
  try {
    assert.ok(listener.events);
    const changes = listener.events.watch(signal)[Symbol.asyncIterator]();
    assert.deepEqual((await changes.next()).value, []);
    const made = provider.disks.createVolume({ sizeBytes: 1, key: "slow", tags: {} }, signal);
    assert.deepEqual((await changes.next()).value, [{ kind: "volume" }]);
    await provider.disks.deleteVolume((await made).volumeId, signal);
  } finally {
    cloud.changeSettings({ ...cloud.settings, operationMs: 10 });
    await listener.close();
  }
});

test("an operation says what it was about", () => {
  const projects = "https://www.googleapis.com/compute/v1/projects/p";
  const of = (targetLink: string, operationType = "insert") =>
    changesOf({ targetLink: `${projects}/${targetLink}`, operationType }).map(({ kind, resourceId }) =>
      resourceId === undefined ? kind : `${kind} ${resourceId}`,
    );
  assert.deepEqual(of("zones/us-central1-a/instances/web-1", "stop"), ["vm web-1", "volume", "address"]);
  assert.deepEqual(of("zones/us-central1-a/instances/web-1", "compute.instances.preempted"), [
    ...["vm web-1", "volume", "address"],
  ]);
  assert.deepEqual(of("zones/us-central1-a/disks/d", "createSnapshot"), ["snapshot", "recovery-point"]);
  assert.deepEqual(of("regions/us-central1/vpnTunnels/t"), ["tunnel"]);
  assert.deepEqual(of("global/routes/r"), []);
  assert.deepEqual(changesOf({}), []);
});
