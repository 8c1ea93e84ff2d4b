import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import type { FilesHead } from "../../src/domain/restored-files.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after });
const MiB = 2 ** 20;
const groupId = "files-group";
const takenAt = "2026-01-01T00:00:00.000Z";

const policy = resolvePolicy({ primarySite: "onprem-a", recoverySite: "onprem-b" }, {});
assert.ok(policy);
const members = [{ position: 0, name: "web-1", vmId: "id-web-1", tags: {} }];
const workflowId = `protection/${groupId}`;
await api.store.protection.create({ groupId, name: groupId, workflowId, policy, members, createdBy: "user/u" });
await api.store.protection.markStarted(groupId);
const { pointId } = await api.store.groupPoints.open(groupId, {
  ...{ kind: "scheduled", epoch: 0, from: "onprem-a", to: "onprem-b" },
});
const vm = { position: 0, name: "web-1", vmId: "id-web-1", planId: "p", sourcePointId: "s", takenAt, disks: [] };
await api.store.groupPoints.noteFrozen(pointId, { takenAt, spreadMs: 0, together: true, vms: [vm] });
await api.store.groupPoints.complete(pointId, { vms: [vm], bytesCopied: 0 });

/** The stand-in worker sends what the path says. */
function ask(path: string, more: object = {}): Promise<Response> {
  return fetch(`${api.url}/v1/restores/files`, {
    method: "POST",
    headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
    body: JSON.stringify({ group_id: groupId, vm: "web-1", path, ...more }),
  });
}

describe("files out of a recovery point over the API", () => {
  test("come as bytes that no browser runs, under their own name, whole", async () => {
    const answer = await ask(`send/${3 * MiB}`);
    assert.equal(answer.status, 200, await answer.clone().text());
    assert.equal(answer.headers.get("content-type"), "application/octet-stream");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("content-disposition"), "attachment; filename*=UTF-8''a%22b%0D%0A%C3%BC.txt");
    const told = JSON.parse(decodeURIComponent(answer.headers.get("x-novacron-restored") ?? "")) as Partial<FilesHead>;
    assert.deepEqual(told, { taken_at: takenAt, disk_id: "vda", volume: "partition 1", in_use: false });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.ok(bytes.equals(Buffer.alloc(3 * MiB, "x")));
  });

  test("that can't be had are a problem with the reason", async () => {
    const answer = await ask("missing");
    assert.equal(answer.status, 404);
    assert.match(((await answer.json()) as { detail: string }).detail, /it is not there/);
  });

  test("break off where they do, and are not taken for whole", async () => {
    const answer = await ask("breaks");
    assert.equal(answer.status, 200);
    await assert.rejects(answer.arrayBuffer());
  });

  test("are of a VM that the point has, of a group that is there, and in the trail", async () => {
    assert.equal((await ask("x", { vm: "another" })).status, 409);
    assert.equal((await ask("x", { group_id: randomUUID() })).status, 404);
    const { items } = await api.store.audit.list({ limit: 10, action: "restore.files", outcome: "asked" });
    assert.ok(items.some(({ entry }) => entry.includes(`send/${3 * MiB}`)));
  });
});
