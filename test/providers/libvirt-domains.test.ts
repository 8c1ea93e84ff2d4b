import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { Virsh } from "../../src/providers/libvirt/client.ts";
import { Domains } from "../../src/providers/libvirt/domains.ts";
import { LayerStore } from "../../src/providers/libvirt/layers.ts";
import type { ConformanceSite } from "./harness.ts";
import { harness, openPrivateHost } from "./support/libvirt.ts";

const subject = { operation: "test", resource: "host" };
const budget = { take: async () => {} };

describe("a domain that its host lists", { skip: harness.unavailable() ?? false }, () => {
  const signal = AbortSignal.timeout(60_000);
  const vmId = randomUUID();
  let place: ConformanceSite;
  let virsh: Virsh;

  before(async () => {
    place = await openPrivateHost();
    virsh = new Virsh(loadHostTools(toolsManifestPath()), uri(), budget);
    const definition = `<domain type="qemu"><name>one</name><uuid>${vmId}</uuid><memory>16384</memory><os><type>hvm</type></os></domain>`;
    await virsh.run(["define", "/dev/stdin"], subject, signal, definition);
  });
  after(() => place?.close());

  const uri = () => (place.descriptor as { uri: string }).uri;

  /** As when its daemon dies between two questions of one batch: each of `unanswered` is asked of a domain that is not. */
  function domains(unanswered: { question: "dumpxml" | "domstate"; times: number }): Domains {
    const tools = loadHostTools(toolsManifestPath());
    const asked = `${unanswered.question} ${vmId}`;
    let left = unanswered.times;
    const run: typeof tools.run = (tool, args, options) => {
      const hit = args.some((arg) => arg.includes(asked)) && left-- > 0;
      return tools.run(
        tool,
        hit ? args.map((arg) => arg.replace(asked, `${unanswered.question} nobody`)) : args,
        options,
      );
    };
    const storage = (place.descriptor as { storagePath: string }).storagePath;
    const faulty = new Virsh({ ...tools, run }, uri(), budget);
    return new Domains("host", faulty, new LayerStore(storage, tools));
  }

  for (const question of ["dumpxml", "domstate"] as const) {
    test(`counts as there, or nobody knows, when ${question} gives no answer`, async () => {
      const once = await Array.fromAsync(domains({ question, times: 1 }).list(signal));
      assert.deepEqual(
        once.map(({ uuid, state }) => ({ uuid, state })),
        [{ uuid: vmId, state: "stopped" }],
      );
      assert.equal((await domains({ question, times: 1 }).find(vmId, signal))?.uuid, vmId);
      const never = domains({ question, times: Number.POSITIVE_INFINITY });
      const unavailable = (error: unknown) => isProviderError(error, "Unavailable");
      await assert.rejects(never.find(vmId, signal), unavailable);
      await assert.rejects(Array.fromAsync(never.list(signal)), unavailable);
      await assert.rejects(never.usedPaths(signal), unavailable);
      assert.equal(await never.find(randomUUID(), signal), undefined);
    });
  }
});
