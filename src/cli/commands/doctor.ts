import { type Api, answerOf, connectApi, type Schemas } from "../client.ts";
import { burstFindings } from "../doctor/burst.ts";
import { failoverFindings } from "../doctor/failover.ts";
import { type Finding, ok, unseen } from "../doctor/finding.ts";
import {
  alertFindings,
  checkFindings,
  controlPlaneFindings,
  groupFindings,
  type KnownPrices,
  priceFindings,
  scheduleFindings,
  siteFindings,
  workerFindings,
} from "../doctor/installation.ts";
import { migrationFindings } from "../doctor/migration.ts";
import { savingsFindings } from "../doctor/savings.ts";
import { CliError } from "../failure.ts";
import { show } from "../output.ts";
import type { CommonOptions } from "./options.ts";

const most = 200;

/** Looks at the whole installation. */
export async function examineInstallation(options: CommonOptions): Promise<void> {
  await report(options, await installationFindings(connectApi(options).api, new Date()));
}

/** Everything that the doctor looks at without being asked for one thing. */
export async function installationFindings(api: Api, now: Date): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const look = async (subject: string, work: () => Promise<readonly Finding[]>) => {
    found.push(...(await orUnseen(subject, work)));
  };
  await look("api", async () => {
    await answerOf(api.GET("/v1/health"));
    return [ok("api", "answers, and so do its store and Temporal")];
  });
  await look("control plane", async () => {
    const [controlPlane, freeze] = await Promise.all([
      answerOf(api.GET("/v1/control-plane")),
      answerOf(api.GET("/v1/freeze")),
    ]);
    return controlPlaneFindings(controlPlane, freeze);
  });
  let sites: readonly Schemas["Site"][] = [];
  await look("sites", async () => {
    sites = (await answerOf(api.GET("/v1/sites"))).items;
    return siteFindings(sites);
  });
  // Each waits for its site: they are asked side by side.
  const asked = sites.filter(({ enabled }) => enabled).map(({ site }) => site);
  found.push(...(await Promise.all(asked.map((site) => askedSite(api, site)))).flat());
  await look("workers of sites", async () => workerFindings((await answerOf(api.GET("/v1/site-workers"))).items, now));
  await look("schedules", async () => scheduleFindings((await answerOf(api.GET("/v1/schedules"))).items, now));
  await look("prices", async () => priceFindings(await knownPrices(api, sites)));
  await look("alerts", async () => alertFindings(await answerOf(api.GET("/v1/alerts"))));
  await look("protection", async () => groupFindings((await answerOf(api.GET("/v1/protection-groups"))).items, now));
  return found;
}

export async function examineMigration(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const migration = await answerOf(api.GET("/v1/migrations/{id}", { params: { path: { id } } }));
  const { plan_id: planId, workflow_id: workflowId, to } = migration;
  const query = { workflow_id: workflowId, level: "warn" as const, limit: 20 };
  const [plan, lines] = await Promise.all([
    seen(`plan ${planId}`, answerOf(api.GET("/v1/plans/{id}", { params: { path: { id: planId } } }))),
    seen("logs", answerOf(api.GET("/v1/logs", { params: { query } }))),
  ]);
  const found = migrationFindings(migration, plan.answer, lines.answer?.items ?? [], new Date());
  await report(options, [...found, ...plan.unseen, ...lines.unseen, ...(await askedSite(api, to))]);
}

export async function examinePool(name: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const path = { id: name };
  const [pool, decisions, leases] = await Promise.all([
    answerOf(api.GET("/v1/burst-pools/{id}", { params: { path } })),
    answerOf(api.GET("/v1/burst-pools/{id}/decisions", { params: { path, query: { limit: 1 } } })),
    answerOf(api.GET("/v1/burst-pools/{id}/leases", { params: { path, query: { limit: 50 } } })),
  ]);
  await report(options, burstFindings(pool, decisions.items, leases.items, new Date()));
}

export async function examineSavings(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const [savings, unchanged, metrics, sites] = await Promise.all([
    answerOf(api.GET("/v1/savings")),
    answerOf(api.GET("/v1/savings/unchanged", { params: { query: { limit: most } } })),
    answerOf(api.GET("/v1/metrics/names")),
    answerOf(api.GET("/v1/sites")),
  ]);
  const facts = { savings, unchanged: unchanged.items, metrics: metrics.items };
  const prices = await knownPrices(api, sites.items);
  await report(options, savingsFindings({ ...facts, prices }, new Date()));
}

export async function examineFailover(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const path = { id };
  const [group, status, runs] = await Promise.all([
    answerOf(api.GET("/v1/protection-groups/{id}", { params: { path } })),
    answerOf(api.GET("/v1/protection-groups/{id}/status", { params: { path } })),
    answerOf(api.GET("/v1/recovery-runs", { params: { query: { group_id: id, limit: 1 } } })),
  ]);
  const site = group.current_site;
  const [plan, health] = await Promise.all([
    seen("recovery plan", orNone(answerOf(api.GET("/v1/recovery-plans/{id}", { params: { path } })))),
    seen(`site ${site}`, answerOf(api.GET("/v1/sites/{site}/health", { params: { path: { site } } }))),
  ]);
  const facts = { group, status, plan: plan.answer, runs: runs.items, health: health.answer };
  const found = [...failoverFindings(facts, new Date()), ...plan.unseen, ...health.unseen];
  await report(options, [...found, ...(await askedSite(api, group.replicates_to ?? group.policy.recovery_site))]);
}

/** How a site says that it is, asked now. */
function askedSite(api: Api, site: string): Promise<readonly Finding[]> {
  return orUnseen(`site ${site}`, async () =>
    checkFindings(await answerOf(api.POST("/v1/sites/{site}/check", { params: { path: { site } } }))),
  );
}

/** Kinds of sites that nobody has a price list of: what they cost is in the configuration. */
const ofOnesOwn: ReadonlySet<string> = new Set(["libvirt", "folder"]);

/** Of the sites' clouds. */
function knownPrices(api: Api, sites: readonly Schemas["Site"][]): Promise<readonly KnownPrices[]> {
  const clouds = new Set(sites.filter(({ enabled, kind }) => enabled && !ofOnesOwn.has(kind)).map(({ kind }) => kind));
  const ask = async (provider: string) => {
    const { items } = await answerOf(api.GET("/v1/prices", { params: { query: { provider, limit: 1 } } }));
    return { provider, price: items[0] };
  };
  return Promise.all([...clouds].map(ask));
}

const order = ["failing", "warning", "unknown", "ok"] as const;

/** What is worst comes first. @throws CliError when something fails, so that scripts notice. */
async function report({ output }: CommonOptions, found: readonly Finding[]): Promise<void> {
  const sorted = found.toSorted((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  await show({ findings: sorted }, output, ({ findings }) => findings.map(asText).join("\n"));
  const failures = sorted.filter(({ state }) => state === "failing").length;
  if (failures > 0) {
    const what = failures === 1 ? "One thing needs somebody" : `${failures} things need somebody`;
    throw new CliError(what, "What to do is below each.");
  }
}

const stateWidth = Math.max(...order.map(({ length }) => length)) + 2;

function asText({ state, subject, what, remedy }: Finding): string {
  const line = `${state.padEnd(stateWidth)}${subject}: ${what}`;
  return remedy ? `${line}\n${" ".repeat(stateWidth)}→ ${remedy}` : line;
}

/** What the caller may not see, or what does not answer, is a finding of its own; the rest is looked at all the same. */
async function orUnseen(subject: string, work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CliError) return [unseen(subject, error.message, error.action)];
    throw error;
  }
}

/** The answer, or the finding that it could not be had. */
async function seen<T>(subject: string, answer: Promise<T>): Promise<{ answer?: T; unseen: readonly Finding[] }> {
  try {
    return { answer: await answer, unseen: [] };
  } catch (error) {
    if (error instanceof CliError) return { unseen: [unseen(subject, error.message, error.action)] };
    throw error;
  }
}

async function orNone<T>(answer: Promise<T>): Promise<T | "none"> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CliError && error.problem?.code === "NotFound") return "none";
    throw error;
  }
}
