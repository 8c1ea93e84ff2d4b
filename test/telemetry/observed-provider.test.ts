import assert from "node:assert/strict";
import { test } from "node:test";
import { ProviderError } from "../../src/domain/errors.ts";
import type { Work } from "../../src/domain/trace.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { currentWork, within, workOfRequest } from "../../src/telemetry/work.ts";
import { observeProvider, type SiteCall } from "../../src/worker/observed-provider.ts";

const gone = new ProviderError("NotFound", { operation: "o", resource: "r", reason: "it is gone", action: "a" });
const inside: (Work | undefined)[] = [];

/** Private members, getters and all, as adapters have them. */
class Compute {
  readonly #names = ["one", "two", "three"];
  async getVm(vmId: string): Promise<string> {
    await Promise.resolve();
    inside.push(currentWork());
    if (vmId === "gone") throw gone;
    return this.#names[0] ?? "";
  }
  async *listVms(signal?: AbortSignal): AsyncGenerator<string> {
    for (const name of this.#names) {
      signal?.throwIfAborted();
      inside.push(currentWork());
      yield name;
    }
  }
  async createVm(_spec: object): Promise<void> {}
}
class Site {
  readonly site = "onprem-a";
  readonly capabilities = { keys: "none here" };
  readonly compute = new Compute();
  readonly #closed: string[] = [];
  readonly disks = { volumeSize: (bytes: number) => bytes * 2, diskType: "gp3" };
  async check(): Promise<string[]> {
    return this.#closed;
  }
  async close(): Promise<void> {
    this.#closed.push("closed");
  }
}

function observed() {
  const calls: SiteCall[] = [];
  const provider = observeProvider(new Site() as unknown as Provider, (call) => void calls.push(call));
  return { calls, provider: provider as unknown as Site };
}
const brief = (calls: readonly SiteCall[]) => calls.map(({ call, code }) => `${call} ${code}`);
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("each call is told of with what came of it, and gives what it gave", async () => {
  const { calls, provider } = observed();
  assert.equal(await provider.compute.getVm("v"), "one");
  await assert.rejects(provider.compute.getVm("gone"), gone);
  assert.deepEqual(await provider.check(), []);
  await provider.close();
  assert.deepEqual(await provider.check(), ["closed"]);
  await settled();
  assert.deepEqual(brief(calls), ["compute.getVm ok", "compute.getVm NotFound", "check ok", "check ok"]);
  assert.match(calls[1]?.reason ?? "", /it is gone/);
  for (const { site, durationMs } of calls) assert.ok(site === "onprem-a" && durationMs >= 0);
});

test("what is no call stays what it is", async () => {
  const { calls, provider } = observed();
  assert.equal(provider.site, "onprem-a");
  assert.equal(provider.disks.volumeSize(4), 8);
  assert.equal(provider.disks.diskType, "gp3");
  assert.deepEqual(provider.capabilities, { keys: "none here" });
  assert.equal((provider as unknown as Provider).keys, undefined);
  assert.equal((provider.compute as { resizeVm?: unknown }).resizeVm, undefined);
  assert.equal(provider.compute.getVm, provider.compute.getVm);
  assert.equal(calls.length, 0);
});

test("a list is one call, from its first item to its end, to a failure, or to where its reader had enough", async () => {
  const { calls, provider } = observed();
  assert.deepEqual(await Array.fromAsync(provider.compute.listVms()), ["one", "two", "three"]);
  for await (const name of provider.compute.listVms()) if (name === "one") break;
  await assert.rejects(Array.fromAsync(provider.compute.listVms(AbortSignal.abort())));
  assert.deepEqual(brief(calls), ["compute.listVms ok", "compute.listVms ok", "compute.listVms Cancelled"]);
});

test("what is done inside belongs to the call, and the call to the work that asked for it", async () => {
  const { calls, provider } = observed();
  inside.length = 0;
  const work = { ...workOfRequest(undefined, "r"), site: "elsewhere", activity: "stopVm" };
  await within(work, async () => {
    await provider.compute.getVm("v");
    for await (const name of provider.compute.listVms()) assert.equal(currentWork(), work, name);
    await provider.compute.createVm({ vmId: undefined });
  });
  const [get, list, create] = calls;
  assert.equal(inside[0], get?.work);
  assert.ok(inside.slice(1).every((each) => each === list?.work));
  assert.deepEqual(
    { ...get?.work, spanId: "" },
    { ...work, site: "onprem-a", vmId: "v", parentSpanId: work.spanId, spanId: "" },
  );
  assert.equal(create?.work?.vmId, undefined);
  assert.equal(new Set(calls.map((call) => call.work?.spanId)).size, 3);
});
