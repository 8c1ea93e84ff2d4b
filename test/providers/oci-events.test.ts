import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DefaultRequestSigner, SimpleAuthenticationDetailsProvider } from "oci-common";
import { isProviderError } from "../../src/domain/errors.ts";
import type { SiteChange } from "../../src/providers/events-facet.ts";
import { changesOf, eventsStream } from "../../src/providers/oci/events.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { type OciLab, startOciLab } from "../sandbox/oci/support.ts";
import { addressOf, connectOci } from "./support/oci.ts";

let lab: OciLab;
let provider: Provider;
const signal = AbortSignal.timeout(60_000);
before(async () => {
  lab = await startOciLab();
  provider = connectOci(addressOf(lab), { eventsEveryMs: 50 });
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

/** As `oci` does it. */
async function post(path: string, body: object): Promise<{ id: string }> {
  const { tenancy, user, fingerprint, privateKey } = lab.oci.credentials;
  const details = new SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, privateKey, null);
  const headers = new Headers({ "content-type": "application/json" });
  const request = { method: "POST", uri: `${lab.oci.endpoint}${path}`, headers, body: JSON.stringify(body) } as const;
  await new DefaultRequestSigner(details).signHttpRequest(request);
  const answer = await fetch(request.uri, { method: request.method, headers, body: request.body });
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return JSON.parse(text) as { id: string };
}

/** The first batch that is about more than what was told before: an operation is told of as it begins and as it ends. */
async function nextKinds(changes: AsyncGenerator<readonly SiteChange[]>): Promise<string[]> {
  const { value } = (await changes.next()) as { value: readonly SiteChange[] };
  return value.map(({ kind, resourceId }) => (resourceId === undefined ? kind : `${kind} ${resourceId}`));
}

test("nothing is heard where the stream was not made, and it is said how to", async () => {
  await assert.rejects(heard().next(), (error) => {
    assert.ok(isProviderError(error, "UnsupportedCapability"), String(error));
    assert.match(error.message, /no stream novacron-events/);
    return true;
  });
});

test("what changes in the compartment is told, again until it was taken", async () => {
  const compartmentId = lab.oci.compartment;
  const { id: streamId } = await post("/20180418/streams", { name: eventsStream, partitions: 1, compartmentId });
  const actions = { actions: [{ actionType: "OSS", isEnabled: true, streamId }] };
  await post("/20181201/rules", { displayName: "novacron", isEnabled: true, condition: "{}", compartmentId, actions });

  const { networkAdmin } = provider;
  assert.ok(networkAdmin);
  const ending = new AbortController();
  const first = heard(ending.signal);
  assert.deepEqual((await first.next()).value, []);
  const named = { name: "told", key: "told", tags: {}, cidr: "10.9.0.0/16", internet: false };
  const network = await networkAdmin.createVirtualNetwork(named, signal);
  assert.ok((await nextKinds(first)).includes("network"));
  // It ends before it has taken what it was told.
  ending.abort(new Error("enough"));
  await assert.rejects(first.next());

  const second = heard();
  assert.deepEqual((await second.next()).value, []);
  assert.ok((await nextKinds(second)).includes("network"));
  await networkAdmin.deleteVirtualNetwork(network.virtualNetworkId, signal);
  assert.ok((await nextKinds(second)).includes("network"));
});

test("an event says what it was about", () => {
  const of = (resourceId: string) => {
    const value = Buffer.from(JSON.stringify({ data: { resourceId } })).toString("base64");
    return changesOf(value).map(({ kind, resourceId: id }) => (id === undefined ? kind : `${kind} ${id}`));
  };
  assert.deepEqual(of("ocid1.instance.oc1.iad.a"), ["vm ocid1.instance.oc1.iad.a", "volume", "address"]);
  assert.deepEqual(of("ocid1.bootvolumebackup.oc1.iad.b"), ["snapshot", "recovery-point"]);
  assert.deepEqual(of("ocid1.user.oc1..c"), []);
  assert.deepEqual(changesOf("bm90IGpzb24="), []);
  assert.deepEqual(changesOf(Buffer.from("null").toString("base64")), []);
});
