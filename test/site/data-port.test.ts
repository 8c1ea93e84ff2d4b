import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { tagKeys } from "../../src/domain/vm.ts";
import { SiteClient } from "../../src/site/client.ts";
import { DataPort, leftTo, reachWorker } from "../../src/site/data-port.ts";
import { SiteIdentity } from "../../src/site/identity.ts";
import { SiteLab } from "../support/site-lab.ts";

const lab = await SiteLab.start({ after });
const joined = async (site: string, dir: string) => SiteIdentity.join(join(lab.dir, dir), await lab.joinToken(site));
const optionsOf = ({ url, tls }: SiteIdentity) => ({
  url,
  authority: tls.ca,
  certificate: { key: tls.key, cert: tls.cert },
});

describe("a data port", () => {
  test("ends with its worker, also where others are connected", async () => {
    const [identity, other] = [await joined("site-a", "a"), await joined("site-b", "b")];
    const port = await DataPort.open({
      ...{ host: "127.0.0.1", port: 0, identity, compression: true },
      provider: () => Promise.reject(new Error("not asked for")),
      log: () => undefined,
    });
    const signal = AbortSignal.timeout(10_000);
    const socket = await reachWorker(other, identity, `127.0.0.1:${port.port}`, signal);
    socket.on("error", () => undefined).resume();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await port.close();
    await closed;
  });

  test("lets a caller write the generation of its leave, and no other", () => {
    const grant = {
      ...{ caller: "a-1", callerSite: "site-a", worker: "b-1", migrationId: "m", generationId: "m-d", endsAt: 0 },
      ...{ callerIsSource: true, sizeBytes: 512, parentPointIds: ["p"] },
    };
    const replica = { replicaId: "r", sizeBytes: 512, tags: { mine: "yes" } };
    const input = { replica, generationId: "m-d", attempt: 1, parentPointId: "p" };
    const tags = { [tagKeys.managed]: "true", [tagKeys.migration]: "m" };
    assert.deepEqual(leftTo(grant, input, undefined), {
      ...{ generationId: "m-d", attempt: 1, parentPointId: "p" },
      replica: { replicaId: "r", sizeBytes: 512, encryptionKey: undefined, tags },
    });
    const keyed = { ...input, replica: { ...replica, encryptionKey: "key" } };
    assert.equal(leftTo({ ...grant, encryptionKey: "key" }, keyed, "own").replica.encryptionKey, "key");
    assert.equal(leftTo({ ...grant, encryptionKey: "key" }, input, "own").replica.encryptionKey, "key");
    leftTo(grant, keyed, "key");
    leftTo({ ...grant, parentPointIds: [] }, { ...input, parentPointId: undefined }, undefined);
    const refusals: (readonly [typeof grant, Parameters<typeof leftTo>[1]])[] = [
      [{ ...grant, callerIsSource: false }, input],
      [grant, { ...input, generationId: "m-e" }],
      [grant, { ...input, replica: { ...replica, sizeBytes: 1024 } }],
      [grant, { ...input, parentPointId: "q" }],
      [grant, { ...input, parentPointId: undefined }],
      [grant, keyed],
    ];
    for (const [leave, wanted] of refusals) {
      assert.throws(
        () => leftTo(leave, wanted, "own"),
        (error) => isProviderError(error, "PolicyBlocked"),
      );
    }
  });
});

describe("another certificate", () => {
  test("lets a call that is under way end as it began", async () => {
    const identity = await joined("site-a", "renewing");
    const client = new SiteClient(optionsOf(identity));
    after(() => client.close());
    // The second one has to be waited for.
    const slow = client.call("callBudget", { name: "slow", perSecond: 2, burst: 1, calls: 2 });
    await client.call("beat", {});
    await identity.renew(client);
    client.use(optionsOf(identity));
    await slow;
    await client.call("beat", {});
  });

  test("that could not be kept is not used", async () => {
    const identity = await joined("site-a", "unwritten");
    const client = new SiteClient(optionsOf(identity));
    after(() => client.close());
    const { cert } = identity.tls;
    await rm(join(lab.dir, "unwritten"), { recursive: true });
    await assert.rejects(identity.renew(client), /ENOENT/);
    assert.equal(identity.tls.cert, cert);
  });
});
