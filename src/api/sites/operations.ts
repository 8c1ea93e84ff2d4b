// Long because it is one table: a row for each operation of the contract.
import { randomUUID } from "node:crypto";
import { ProviderError } from "../../domain/errors.ts";
import type { LeaseTerms } from "../../domain/lease.ts";
import type { CopyDiskParameters } from "../../domain/migration-parts.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Probe } from "../../domain/site-health.ts";
import { siteQueue } from "../../domain/site-work.ts";
import type { SiteInput, SiteOperation, SiteOutput } from "../../site/contract.ts";
import { hashToken, type SiteWorker, type Store } from "../../store/index.ts";
import type { Relay } from "../../telemetry/otlp/index.ts";
import type { SiteAuthority } from "./authority.ts";
import { watchdogHandlers } from "./watchdog-handlers.ts";

/** A site's entry of the configuration, and what fetches its credentials. */
export interface ServedSite {
  readonly entry: SiteOutput<"assignment">["entry"];
  readonly credentials?: () => Promise<SiteOutput<"credentials">>;
  /** What fails together with the site. */
  readonly failureDomain: string;
}

export interface SitePortDeps {
  readonly store: Store;
  readonly authority: SiteAuthority;
  readonly sites: readonly ServedSite[];
  readonly namespace: string;
  readonly compression: boolean;
  /** Of leases of protected groups. */
  readonly leaseTerms: LeaseTerms;
  /** Whether lines of logs are kept at all. */
  readonly keepsLines: boolean;
  /** Sends on what workers tell, where there is a collector. */
  readonly relay?: Relay | undefined;
  /** How often a worker tells what it has counted. */
  readonly metricsEveryMs: number;
  signalProgress(workflowId: string, progress: { diskId: string; fraction: number }): Promise<void>;
}

/** Who shows which certificate. */
export interface Caller {
  readonly worker: SiteWorker;
  readonly certificateHash: string;
}

type Handlers = {
  readonly [N in Exclude<SiteOperation, "join">]: (input: SiteInput<N>, caller: Caller) => Promise<SiteOutput<N>>;
};

const mostRemembered = 10_000;
const mostBudgets = 1_000;

/** The worker that a token in force makes. @throws ProviderError PolicyBlocked for any other token. */
export async function join(
  { store, authority }: SitePortDeps,
  { token, name, publicKey }: SiteInput<"join">,
  address: string,
): Promise<SiteOutput<"join">> {
  // A token is used up by who can be certified only.
  await authority.requireKey(publicKey);
  const site = await store.siteWorkers.useJoinToken(hashToken(token));
  if (site === undefined) {
    throw new ProviderError("PolicyBlocked", {
      operation: "join a site",
      resource: "join token",
      reason: "it was used before, is over, or was never given",
      action: "Ask an admin for another one: novacron sites join-token SITE.",
    });
  }
  const workerId = `${site}-${randomUUID().slice(0, 8)}`;
  const { certificate, hash, endsAt } = await authority.issue(publicKey, { site, workerId });
  await store.audit.append({
    at: new Date().toISOString(),
    actor: `site-worker/${workerId}`,
    actorName: name,
    action: "site-worker.join",
    resource: `site/${site}`,
    requestId: workerId,
    outcome: "done",
    address,
    after: { workerId, site, name, certificate: hash },
  });
  await store.siteWorkers.add({ workerId, site, name, certificateHash: hash, certificateEndsAt: endsAt });
  return { workerId, site, certificate, authority: authority.pem };
}

export function siteHandlers(deps: SitePortDeps): Handlers {
  const { store, authority } = deps;
  const { siteWorkers, checkpoints, points, plans, migrations, leases } = store;
  const known = new Set<string>();
  const budgets = new Map<string, ReturnType<Store["callBudget"]>>();

  const remember = (key: string) => {
    if (known.size >= mostRemembered) known.clear();
    known.add(key);
  };
  /** @throws unless the site is an end of the migration that the generation belongs to. */
  const requireGeneration = async (site: string, generationId: string) => {
    const key = `${site}/generation/${generationId}`;
    if (known.has(key)) return;
    if (!(await siteWorkers.migrationOf(site, generationId))) throw beyond(site, `generation/${generationId}`);
    remember(key);
  };
  const requireMigration = async (site: string, migrationId: string) => {
    const key = `${site}/migration/${migrationId}`;
    if (known.has(key)) return;
    if (!(await siteWorkers.takesPart(site, migrationId))) throw beyond(site, `migration/${migrationId}`);
    remember(key);
  };
  const requireLink = (site: string, resource: string) => {
    if (!(/^link:([^/]+)\/([^/]+)$/.exec(resource)?.slice(1) ?? []).includes(site)) throw beyond(site, resource);
  };
  const siteOf = (worker: SiteWorker): ServedSite => {
    const served = deps.sites.find(({ entry }) => entry.site === worker.site);
    if (served) return served;
    throw beyond(worker.site, "configuration");
  };

  return {
    async renewCertificate({ publicKey }, { worker, certificateHash: shown }) {
      const { workerId, site } = worker;
      const { certificate, hash, endsAt } = await authority.issue(publicKey, { site, workerId });
      await siteWorkers.renew(workerId, shown, hash, endsAt);
      await store.audit.append({
        at: new Date().toISOString(),
        actor: `site-worker/${workerId}`,
        action: "site-worker.renew",
        resource: `site-worker/${workerId}`,
        requestId: hash,
        outcome: "done",
        after: { certificate: hash, endsAt },
      });
      return { workerId, site, certificate, authority: authority.pem };
    },
    async beat({ dataAddress }, { worker }) {
      await siteWorkers.noteSeen(worker.workerId, dataAddress);
      return { draining: worker.state === "draining" };
    },
    async leave(_, { worker }) {
      await siteWorkers.noteLeft(worker.workerId);
      return {};
    },
    async assignment(_, { worker }) {
      const { entry, credentials } = siteOf(worker);
      const { namespace, compression, metricsEveryMs } = deps;
      const takesSpans = deps.relay !== undefined;
      const keepsLines = deps.keepsLines || takesSpans;
      const taskQueue = siteQueue(worker.site);
      const told = { keepsLines, takesSpans, metricsEveryMs };
      return { entry, hasCredentials: credentials !== undefined, namespace, taskQueue, compression, ...told };
    },
    async credentials(_, { worker }) {
      return (await siteOf(worker).credentials?.()) ?? { values: {} };
    },
    async link({ generationId }, { worker }) {
      const migration = await siteWorkers.migrationOf(worker.site, generationId);
      if (!migration) throw beyond(worker.site, `generation/${generationId}`);
      const { migrationId, planId, peer, isSource } = migration;
      const begun = await siteWorkers.begunGeneration(generationId, isSource ? peer : worker.site);
      if (!begun) throw beyond(worker.site, `generation/${generationId}`);
      const others = (await siteWorkers.list()).filter(
        ({ site, state, dataAddress }) => site === peer && state === "live" && dataAddress !== undefined,
      );
      // Any of them: where one can't be reached, the next try may find another.
      const other = others[Math.floor(Math.random() * others.length)];
      if (other?.dataAddress === undefined) {
        throw new ProviderError("Unavailable", {
          operation: "reach the other site's worker",
          resource: `site/${peer}`,
          reason: "none of its workers that take connections is there now",
          action: "It is tried again; see novacron workers list.",
        });
      }
      const encryptionKey = keyOf(await plans.get(planId));
      const grant = authority.grant({
        caller: worker.workerId,
        callerSite: worker.site,
        worker: other.workerId,
        migrationId,
        generationId,
        callerIsSource: isSource,
        sizeBytes: begun.sizeBytes,
        parentPointIds: [...begun.parentPointIds],
        ...(encryptionKey === undefined ? {} : { encryptionKey }),
      });
      return { workerId: other.workerId, site: peer, address: other.dataAddress, grant };
    },
    async callBudget({ name, perSecond, burst, calls }, { worker }) {
      const resource = `${worker.site}:${name}`;
      const key = `${resource}/${perSecond}/${burst}`;
      const budget = budgets.get(key) ?? store.callBudget(resource, { perSecond, ...(burst ? { burst } : {}) });
      // What a worker asks for is its own affair, not how much we keep of it.
      if (budgets.size >= mostBudgets) budgets.clear();
      budgets.set(key, budget);
      const signal = AbortSignal.timeout(30_000);
      for (let taken = 0; taken < calls; taken++) await budget.take(signal);
      return {};
    },
    async callsThrottled({ name, retryAfterMs }, { worker }) {
      // The pause is the same, whatever the rate.
      await store.callBudget(`${worker.site}:${name}`, { perSecond: 1 }).throttled(retryAfterMs);
      return {};
    },
    async beginAttempt(input, { worker }) {
      await requireGeneration(worker.site, input.generationId);
      if (input.parentManifestId !== undefined) await requireGeneration(worker.site, input.parentManifestId);
      return checkpoints.beginAttempt(input);
    },
    async chunks({ manifestId, after }, { worker }) {
      await requireGeneration(worker.site, manifestId);
      const { chunks, more } = await checkpoints.someChunks(manifestId, after);
      const encoded = chunks.map(({ index, leaves, done }) => ({
        index,
        leaves: Buffer.from(leaves).toString("base64"),
        done: Buffer.from(done).toString("base64"),
      }));
      return { chunks: encoded, more };
    },
    async commit({ generationId, attempt, chunks, progress }, { worker }) {
      await requireGeneration(worker.site, generationId);
      const decoded = chunks.map(({ index, leaves, done }) => ({
        index,
        leaves: Buffer.from(leaves, "base64"),
        done: Buffer.from(done, "base64"),
      }));
      await checkpoints.commit({ generationId, attempt, chunks: decoded, progress });
      return {};
    },
    async noteSent(input, { worker }) {
      await requireGeneration(worker.site, input.generationId);
      await checkpoints.noteSent(input);
      return {};
    },
    async sealManifest(input, { worker }) {
      await requireGeneration(worker.site, input.generationId);
      await checkpoints.seal(input);
      return {};
    },
    async generation({ generationId }, { worker }) {
      await requireGeneration(worker.site, generationId);
      return { state: await checkpoints.state(generationId) };
    },
    async renewLease(input, { worker }) {
      requireLink(worker.site, input.resource);
      const { perSecond, expiresAt } = await leases.renew(input);
      return { perSecond, expiresAt: expiresAt.toISOString() };
    },
    async releaseLease(input, { worker }) {
      requireLink(worker.site, input.resource);
      await leases.release(input);
      return {};
    },
    async recordPoint(point, { worker }) {
      if (point.site !== worker.site) throw beyond(worker.site, `site/${point.site}`);
      await requireMigration(worker.site, point.migrationId);
      await points.record(point);
      return {};
    },
    async deletePoint({ pointId }, { worker }) {
      await points.delete(worker.site, pointId);
      return {};
    },
    async findPoints({ rootHash, kinds }, { worker }) {
      return { points: [...(await points.findByRootHash(worker.site, rootHash, kinds))] };
    },
    async noteProgress({ migrationId, ...seen }, { worker }) {
      await requireMigration(worker.site, migrationId);
      await migrations.noteProgress(migrationId, seen);
      return {};
    },
    async appendEvent({ migrationId, data, ...event }, { worker }) {
      await requireMigration(worker.site, migrationId);
      return { sequence: await migrations.appendEvent(migrationId, { ...event, data: data ?? {} }) };
    },
    async signalProgress({ migrationId, diskId, fraction }, { worker }) {
      await requireMigration(worker.site, migrationId);
      await deps.signalProgress(`migration/${migrationId}`, { diskId, fraction });
      return {};
    },
    async keepLines({ lines }, { worker }) {
      const { site, workerId } = worker;
      const own = lines.map((line) => ({ ...line, site, facts: { ...line.facts, worker_id: workerId } }));
      if (deps.keepsLines) await store.logs.append(own);
      deps.relay?.lines(tellerOf(worker), own);
      return {};
    },
    async keepSpans({ spans }, { worker }) {
      const { site } = worker;
      const own = spans.map((span) => ({ ...span, work: { ...span.work, site } }));
      deps.relay?.spans(tellerOf(worker), own);
      return {};
    },
    async keepMetrics({ text, since }, { worker }) {
      await siteWorkers.keepMetrics(worker.workerId, text);
      deps.relay?.metrics(tellerOf(worker), text, Date.parse(since));
      return {};
    },
    ...watchdogHandlers(store, deps.leaseTerms),
    async noteHealth({ site, sees, probes }, { worker }) {
      const { failureDomain } = siteOf(worker);
      await store.health.note({ site, vantage: worker.workerId, failureDomain, sees, probes: probes.map(told) });
      return {};
    },
    async admitRun({ runId }) {
      return { admitted: await store.guard.admit(runId) };
    },
    async appendAudit(entry, { worker }) {
      const { workerId: actorId, name: actorName } = worker;
      await store.audit.append({ ...entry, actor: `site-worker/${actorId}`, actorName });
      return {};
    },
  };
}

function told({ reason, ...probe }: SiteInput<"noteHealth">["probes"][number]): Probe {
  return { ...probe, ...(reason === undefined ? {} : { reason }) };
}

function tellerOf({ workerId, name }: SiteWorker) {
  return { service: "novacron-site-worker", instance: workerId, host: name };
}

/** The customer's key at the target, of which a plan has one for all disks. */
function keyOf(plan: Plan | undefined): string | undefined {
  const copy = plan?.actions.find(({ action }) => action === "copy-disk")?.parameters;
  return (copy as CopyDiskParameters | undefined)?.encryptionKey;
}

function beyond(site: string, resource: string): ProviderError {
  return new ProviderError("PolicyBlocked", {
    operation: "work for the site",
    resource,
    reason: `it does not belong to ${site}`,
    action: "A worker has to do with its own site only; look into its log if it is to.",
  });
}
