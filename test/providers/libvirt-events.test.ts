import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { Virsh } from "../../src/providers/libvirt/client.ts";
import { Domains } from "../../src/providers/libvirt/domains.ts";
import { LibvirtEvents } from "../../src/providers/libvirt/events.ts";
import { LayerStore } from "../../src/providers/libvirt/layers.ts";
import type { ConformanceSite } from "./harness.ts";
import { harness, openPrivateHost } from "./support/libvirt.ts";

describe("listening to a KVM host", { skip: harness.unavailable() ?? false }, () => {
  let place: ConformanceSite;
  let away = false;
  const signal = AbortSignal.timeout(60_000);
  before(async () => {
    place = await openPrivateHost();
  });
  after(() => (away ? undefined : place?.close()));

  function events(listenForSeconds?: number): LibvirtEvents {
    const { uri, storagePath } = place.descriptor as { uri: string; storagePath: string };
    const tools = loadHostTools(toolsManifestPath());
    const virsh = new Virsh(tools, uri, { take: async () => {} });
    const domains = new Domains("host", virsh, new LayerStore(storagePath, tools));
    return new LibvirtEvents({ site: "host", virsh, domains }, listenForSeconds);
  }

  async function virsh(args: string[], input?: string): Promise<string> {
    const { uri } = place.descriptor as { uri: string };
    const options = input === undefined ? {} : { input };
    const tools = loadHostTools(toolsManifestPath());
    const { exitCode, stdout, stderr } = await tools.run("virsh", ["--quiet", "--connect", uri, ...args], options);
    assert.equal(exitCode, 0, stderr);
    return stdout.trim();
  }

  /** A domain of that name, with an id of its own. */
  async function define(name: string): Promise<string> {
    const xml = `<domain type="qemu"><name>${name}</name><memory unit="MiB">64</memory><os><type>hvm</type></os></domain>`;
    await virsh(["define", "/dev/stdin"], xml);
    return virsh(["domuuid", name]);
  }

  test("ends without a failure when its time is over and nothing has happened", async () => {
    assert.deepEqual(await Array.fromAsync(events(1).watch(signal)), [[]]);
  });

  test("tells of both domains when one takes another's name", async () => {
    const first = await define("renamed");
    const seen = new Set<string | undefined>();
    let second: string | undefined;
    for await (const changes of events().watch(signal)) {
      if (second === undefined) {
        await virsh(["undefine", first]);
        second = await define("renamed");
      }
      for (const { kind, resourceId } of changes) if (kind === "vm") seen.add(resourceId);
      if (seen.has(first) && seen.has(second)) break;
    }
    assert.notEqual(first, second);
    assert.deepEqual(seen, new Set([first, second]));
    await virsh(["undefine", second ?? ""]);
  });

  test("ends with what libvirt says when the host goes away", async () => {
    await assert.rejects(
      async () => {
        for await (const changes of events().watch(signal)) {
          if (changes.length > 0) continue;
          away = true;
          await place.close();
        }
      },
      (error) => isProviderError(error, "Unavailable"),
    );
  });
});
