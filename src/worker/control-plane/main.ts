// What `novacron recover` and `novacron control-plane key` run: an order on stdin as JSON, its result on stdout, lines on stderr.
import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../../config/config.ts";
import { readRuntime, required } from "../../config/runtime.ts";
import { loadHostTools } from "../../host/host-tools.ts";
import { makeSocketDir } from "../../host/paths.ts";
import { NameServerDns } from "../../integrations/dns/index.ts";
import { createSecrets } from "../../integrations/secrets/create.ts";
import type { Provider } from "../../providers/provider.ts";
import { createRegistry } from "../../providers/registry.ts";
import { openStore, type Store } from "../../store/index.ts";
import { providerEntries } from "../deps.ts";
import { documentsOf } from "./backups.ts";
import { makeRecoveryKey, openRecoveryKey, type RecoveryKey } from "./recovery-key.ts";
import { chooseInstallation, findInstallations, restoreStore, takeOver } from "./restore.ts";

interface MakeKey {
  readonly order: "make-key";
  readonly sealingFile: string;
  readonly recoveryFile: string;
  readonly passphrase?: string;
}

interface Look {
  readonly order: "look";
  readonly site: string;
}

interface Restore {
  readonly order: "restore";
  readonly site: string;
  readonly installation?: string;
  readonly backupId?: string;
  readonly recoveryFile: string;
  readonly passphrase?: string;
  /** What a person has made sure of. Absent: nothing is taken over, and no file written. */
  readonly madeSureOf?: string;
}

/** A site that does not answer for so long is told as one that is gone. */
const answerWithinMs = 15_000;

/** Nobody shares a site's budget with a control plane that is not up. */
const alone = { take: async () => undefined };

const signal = new AbortController().signal;
const order = JSON.parse(await text(process.stdin)) as MakeKey | Look | Restore;
try {
  process.stdout.write(`${JSON.stringify({ result: await carryOut() })}\n`);
} catch (error) {
  const details = (error as { details?: { action?: string } }).details;
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${JSON.stringify({ failure: { message, action: details?.action ?? "" } })}\n`);
  process.exitCode = 1;
}
// What a site's SDK keeps open is of no more use.
process.exit();

async function carryOut(): Promise<unknown> {
  if (order.order === "make-key") return makeKey(order);
  const runtime = readRuntime(process.env);
  const instanceDir = required(runtime, "instanceDir");
  const config = loadConfig({ file: runtime.configFile, sitesFile: runtime.sitesFile, env: process.env });
  const secrets = createSecrets(config.secrets, process.env);
  const registry = createRegistry(providerEntries(config.sites, secrets), {
    tools: loadHostTools(required(runtime, "toolsManifest")),
    runDir: makeSocketDir(instanceDir),
    context: (site) => ({ site, log: () => undefined, budget: () => alone }),
    nameServer: (entry, { site, budget }) =>
      new NameServerDns({ ...entry, site, budget: budget("name-server", { perSecond: 1 }) }),
  });
  const provider = (site: string) => registry.provider(site);
  const documents = await documentsOf(provider, order.site);
  if (order.order === "look") return { installations: await findInstallations(documents, signal) };
  const recovery = JSON.parse(await readFile(order.recoveryFile, "utf8")) as RecoveryKey;
  const key = { recovery, open: openRecoveryKey(recovery, order.passphrase) };
  const found = chooseInstallation(await findInstallations(documents, signal), order.installation, order.site);
  const { installationId } = found;
  const backupId = order.backupId ?? found.backups[0] ?? "";
  const store = await openStore({ databaseUrl: required(runtime, "databaseUrl") });
  const { madeSureOf } = order;
  const dir = madeSureOf === undefined ? undefined : instanceDir;
  const restored = await restoreStore({ documents, installationId, backupId }, key, { store, dir }, signal);
  const groups = await groupsOf(store, provider);
  if (madeSureOf === undefined) return { ...shown(restored), groups, open: await store.controlPlane.openRuns() };
  const claim = await takeOver(documents, restored.manifest, madeSureOf, signal);
  await store.controlPlane.rebuilt(claim);
  await noteTakeover(store, restored.manifest.backupId, claim);
  return { ...shown(restored), claim, groups, open: await store.controlPlane.openRuns() };
}

async function makeKey({ sealingFile, recoveryFile, passphrase }: MakeKey): Promise<unknown> {
  const { sealing, recovery } = makeRecoveryKey(passphrase);
  // The owner's half first: backups are never sealed for a key that nobody has.
  await writeFile(recoveryFile, `${JSON.stringify(recovery, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  await writeFile(sealingFile, `${JSON.stringify(sealing, undefined, 2)}\n`, { mode: 0o600 });
  return { keyId: sealing.keyId };
}

function shown({ manifest, config, ...rest }: Awaited<ReturnType<typeof restoreStore>>) {
  const { backupId, installationId, epoch, takenAt, provenAt, schema } = manifest;
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  const backup = { backupId, installationId, epoch, takenAt, provenAt, schema, bytes };
  return { backup, ...rest, hasConfig: config !== undefined };
}

/** Protected groups, and whether the site that each is served at answers. */
async function groupsOf(store: Store, provider: (site: string) => Promise<Provider>) {
  const groups = await store.protection.all();
  const sites = [...new Set(groups.map(({ currentSite }) => currentSite))];
  const answers = new Map(
    await Promise.all(sites.map(async (site) => [site, await answersNow(provider, site)] as const)),
  );
  const newest = await store.groupPoints.newestOf(groups);
  return groups.map(({ groupId, name, state, currentSite, replicatesTo, policy }) => ({
    ...{ groupId, name, state, currentSite, recoverySite: replicatesTo ?? policy.recoverySite },
    siteAnswers: answers.get(currentSite) ?? false,
    newestPointAt: newest.get(groupId)?.takenAt,
  }));
}

async function answersNow(provider: (site: string) => Promise<Provider>, site: string): Promise<boolean> {
  const within = AbortSignal.timeout(answerWithinMs);
  const late = sleep(answerWithinMs, false, { ref: false });
  const asked = provider(site)
    .then((found) => found.check(within))
    .then((checks) => checks.every(({ result }) => result !== "fail"))
    .catch(() => false);
  return Promise.race([asked, late]);
}

async function noteTakeover(
  store: Store,
  backupId: string,
  claim: { epoch: number; host: string; reason?: string },
): Promise<void> {
  await store.audit.append({
    at: new Date().toISOString(),
    actor: "system/recover",
    action: "control-plane.recovered",
    resource: "control-plane",
    requestId: backupId,
    outcome: "done",
    after: { backupId, epoch: claim.epoch, host: claim.host, madeSureOf: claim.reason },
  });
}
