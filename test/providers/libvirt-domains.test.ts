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
    let left = unanswered.times;
    class Faulty extends Virsh {
      override batch(commands: readonly (readonly string[])[], within: AbortSignal) {
        const asked = commands.map((words) => {
          const hit = words[0] === unanswered.question && words[1] === vmId && left-- > 0;
          return hit ? [unanswered.question, "nobody"] : words;
        });
        return super.batch(asked, within);
      }
    }
    const tools = loadHostTools(toolsManifestPath());
    const storage = (place.descriptor as { storagePath: string }).storagePath;
    const faulty = new Faulty(tools, uri(), budget);
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
