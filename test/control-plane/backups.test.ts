import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { backupsPrefix, manifestName, partName } from "../../src/domain/control-plane.ts";
import { openStore } from "../../src/store/index.ts";
import { BackupArchive } from "../../src/worker/control-plane/archive.ts";
import { controlPlaneBackups, usualKeyFile } from "../../src/worker/control-plane/backups.ts";
import { makeRecoveryKey, openRecoveryKey } from "../../src/worker/control-plane/recovery-key.ts";
import {
  chooseInstallation,
  findInstallations,
  restoreStore,
  takeOver,
} from "../../src/worker/control-plane/restore.ts";
import { useStore } from "../support/store.ts";
import { placeOf } from "./support/place.ts";

const world = useStore();
const signal = new AbortController().signal;
const passphrase = "correct horse battery staple";
const keys = makeRecoveryKey(passphrase);
const opened = { recovery: keys.recovery, open: openRecoveryKey(keys.recovery, passphrase) };
const canary = "nvc_canary-token-that-nobody-may-see";

function folder(context: Pick<TestContext, "after">): string {
  const dir = mkdtempSync(join(tmpdir(), "nvc-cp-i-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function backedUp(context: Pick<TestContext, "after">) {
  const place = placeOf(context);
  const instanceDir = folder(context);
  writeFileSync(usualKeyFile(instanceDir), JSON.stringify(keys.sealing));
  writeFileSync(join(instanceDir, "token"), canary);
  const configFile = join(instanceDir, "given.yaml");
  writeFileSync(configFile, "failure_domain: hq\n");
  const { store } = world;
  await store.audit.append({ at: "", actor: "a", action: canary, resource: "c", requestId: "d", outcome: "done" });
  const backups = controlPlaneBackups({ store, provider: place.provider, instanceDir, configFile, keepMs: 86_400_000 });
  const made = await backups.backUp("place", signal);
  const { installationId } = await store.controlPlane.get();
  return { place, backups, made, installationId, archive: new BackupArchive(place.documents, installationId) };
}

async function emptyStore() {
  return openStore({ databaseUrl: await world.postgres.createDatabase() });
}

/** Everything that lies at the place. */
function everything(dir: string): string {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(join(file.parentPath, file.name), "utf8")).join("\n");
}

test("a backup shows nothing of what is in it, and with the recovery key store, keys and configuration come back", async (context) => {
  const { place, made, installationId } = await backedUp(context);
  const lying = everything(place.dir);
  for (const secret of [canary, Buffer.from(canary).toString("base64"), keys.sealing.sign, "failure_domain"]) {
    assert.ok(!lying.includes(secret), `${secret} lies there in the clear`);
  }
  const [found] = await findInstallations(place.documents, signal);
  assert.deepEqual(found?.backups, [made.backupId]);
  const store = await emptyStore();
  const dir = folder(context);
  const from = { documents: place.documents, installationId, backupId: made.backupId };
  const restored = await restoreStore(from, opened, { store, dir }, signal);
  assert.equal(restored.rows, made.rows);
  assert.equal(restored.audit.entries, (await store.audit.head()).sequence);
  assert.equal(readFileSync(join(dir, "token"), "utf8"), canary);
  assert.equal(statSync(join(dir, "token")).mode & 0o777, 0o600);
  assert.equal(readFileSync(join(dir, "novacron.yaml"), "utf8"), "failure_domain: hq\n");
  assert.equal((await store.controlPlane.get()).installationId, installationId);
  await store.close();
  const [row] = await world.store.controlPlane.places();
  assert.equal(row?.backupId, made.backupId);
  assert.equal(row?.problem, undefined);
});

test("the key that seals opens nothing, nor does another passphrase", async (context) => {
  const { place, made, installationId } = await backedUp(context);
  assert.throws(() => openRecoveryKey(keys.recovery, "another"), { code: "InvalidInput", message: /passphrase/ });
  assert.throws(() => openRecoveryKey(keys.recovery, undefined), { code: "InvalidInput" });
  const other = makeRecoveryKey();
  const archive = new BackupArchive(place.documents, installationId);
  const manifest = await archive.manifest(made.backupId, keys.recovery, signal);
  await assert.rejects(Array.fromAsync(archive.read(manifest, openRecoveryKey(other.recovery, undefined), signal)), {
    code: "IntegrityFailure",
  });
  await assert.rejects(archive.manifest(made.backupId, other.recovery, signal), { message: /not signed by/ });
});

test("what was changed, lost or signed by somebody else at the place is found, and no file of it is written", async (context) => {
  const spoil: Record<string, (made: Awaited<ReturnType<typeof backedUp>>) => Promise<unknown>> = {
    "a part is missing": ({ place, installationId, made }) =>
      place.documents.remove(partName(installationId, made.backupId, 0), signal),
    "a part is another one": async ({ place, installationId, made }) => {
      const name = partName(installationId, made.backupId, 0);
      const { version = "" } = (await place.documents.get(name, signal)) ?? {};
      return place.documents.put({ name, value: Buffer.from("other").toString("base64"), version, key: "k" }, signal);
    },
    "the manifest says less": async ({ place, installationId, made }) => {
      const name = manifestName(installationId, made.backupId);
      const found = await place.documents.get(name, signal);
      const value = found?.value as { manifest: object; signature: string };
      const changed = { ...value, manifest: { ...value.manifest, rows: 1 } };
      return place.documents.put({ name, value: changed, version: found?.version ?? "", key: "k" }, signal);
    },
  };
  for (const [what, change] of Object.entries(spoil)) {
    const state = await backedUp(context);
    await change(state);
    const [store, dir] = [await emptyStore(), folder(context)];
    const from = {
      documents: state.place.documents,
      installationId: state.installationId,
      backupId: state.made.backupId,
    };
    await assert.rejects(restoreStore(from, opened, { store, dir }, signal), { code: "IntegrityFailure" }, what);
    assert.deepEqual(readdirSync(dir), [], what);
    await store.close();
  }
});

test("an audit entry that was altered before the backup is found", async (context) => {
  const { place, installationId, archive } = await backedUp(context);
  const lines = (await Array.fromAsync(world.store.dump())).map((line) =>
    line.replace('\\"action\\":\\"nvc_canary', '\\"action\\":\\"nvc_other'),
  );
  const forged = await archive.write(
    {
      ...{ installationId, epoch: 1, key: keys.sealing },
      lines: (async function* () {
        yield* lines;
      })(),
    },
    signal,
  );
  const store = await emptyStore();
  const from = { documents: place.documents, installationId, backupId: forged.manifest.backupId };
  const restoring = restoreStore(from, opened, { store, dir: undefined }, signal);
  await assert.rejects(restoring, { code: "IntegrityFailure", message: /not the one that was chained/ });
  await store.close();
});

test("old backups and what was abandoned go, and a failure is on record with its reason", async (context) => {
  const { place, backups, archive, installationId, made } = await backedUp(context);
  const put = (name: string) => place.documents.put({ name, value: "", version: "absent", key: "k" }, signal);
  const old = ["20260101t000000z-0a", "20260101t010000z-0a", "20260102t000000z-0a"];
  for (const backupId of old) await put(manifestName(installationId, backupId));
  await put(partName(installationId, "20260103t000000z-0b", 0));
  const again = await backups.backUp("place", signal);
  assert.deepEqual(new Set(await archive.list(signal)), new Set([again.backupId, made.backupId, old[2]]));
  assert.equal(again.kept, 3);
  const names = await Array.fromAsync(place.documents.list(backupsPrefix(installationId), signal));
  assert.ok(
    names.every((name) => !name.includes("0b/")),
    "parts without a manifest are gone",
  );
  place.away = true;
  await assert.rejects(backups.backUp("place", signal));
  const [row] = await world.store.controlPlane.places();
  assert.equal(row?.problem, "the site is away");
  assert.equal(row?.backupId, again.backupId, "what is there stays on record");
});

test("without a key nothing is sealed, and it says how to make one", async (context) => {
  const place = placeOf(context);
  const parts = { store: world.store, provider: place.provider, instanceDir: folder(context), keepMs: 1 };
  await assert.rejects(controlPlaneBackups(parts).backUp("place", signal), {
    code: "InvalidInput",
    message: /control-plane key/,
  });
  assert.ok(!existsSync(join(place.dir, "documents")));
});

test("of two that take over at once each gets an epoch of its own, and several installations have to be named", async (context) => {
  const { place, made, archive } = await backedUp(context);
  const manifest = await archive.manifest(made.backupId, keys.recovery, signal);
  const claims = await Promise.all([1, 2, 3].map((n) => takeOver(place.documents, manifest, `drill ${n}`, signal)));
  assert.deepEqual(new Set(claims.map(({ epoch }) => epoch)), new Set([2, 3, 4]));
  const found = await findInstallations(place.documents, signal);
  assert.equal(found[0]?.claim?.epoch, 4);
  const two = [...found, { installationId: "other", backups: ["20260101t000000z-0a"] }];
  assert.throws(() => chooseInstallation(two, undefined, "place"), { code: "InvalidInput", message: /--installation/ });
  assert.equal(chooseInstallation(two, "other", "place").installationId, "other");
  assert.throws(() => chooseInstallation(two, "third", "place"), { code: "NotFound" });
});
