import { setTimeout as sleep } from "node:timers/promises";
import { answerOf, type ConnectedApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { continues, type JournalEntry, readJournal } from "./journal.ts";

export type Migration = Schemas["Migration"];
export type Vm = Schemas["Vm"];

/** Set on what was removed but is kept while something is built on it. */
const retainedTag = "novacron:retained";
const guestBootMs = 90_000;
const pollMs = 200;

/** Everything the demo asks of the guest's application and of the API. */
export async function findVm(connected: ConnectedApi, site: string, vmId: string): Promise<Vm> {
  const path = { site, vm_id: vmId };
  await answerOf(connected.api.GET("/v1/vms", { params: { query: { site, refresh: "true" } } }));
  return answerOf(connected.api.GET("/v1/vms/{site}/{vm_id}", { params: { path } }));
}

/** Where the guest's application answers. @throws CliError when the site does not publish its port. */
export function addressOf(vm: Vm): string {
  const endpoint = vm.endpoints[0];
  if (endpoint) return `http://${endpoint.host}:${endpoint.port}`;
  throw new CliError(
    `${vm.name} at ${vm.site} publishes no port`,
    "Run the demo again; report it if it happens again.",
  );
}

/** Waits until the guest's application has written its first lines, and reads its journal. */
export async function readGuestJournal(address: string): Promise<JournalEntry[]> {
  const deadline = Date.now() + guestBootMs;
  for (;;) {
    try {
      const answer = await fetch(`${address}/cgi-bin/journal`, { signal: AbortSignal.timeout(5_000) });
      if (answer.ok) {
        const entries = readJournal(await answer.text());
        if (entries.length > 0) return entries;
      }
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("The journal's chain")) throw error;
    }
    if (Date.now() > deadline) {
      throw new CliError("The guest's application does not answer", `Its address was ${address}.`);
    }
    await sleep(pollMs);
  }
}

/** The application at the target carries on from where it was: nothing lost, the chain unbroken, new lines written. */
export async function applicationIntact(before: readonly JournalEntry[], address: string): Promise<boolean> {
  const deadline = Date.now() + guestBootMs;
  for (;;) {
    const now = await readGuestJournal(address);
    if (!continues(before, now)) return false;
    if (now.length > before.length) return true;
    if (Date.now() > deadline) return false;
    await sleep(pollMs);
  }
}

export async function startMigration(
  connected: ConnectedApi,
  request: {
    vm: string;
    from: string;
    to: string;
    httpProbes: readonly { readonly port: number; readonly path: string }[];
    bandwidthBytesPerSecond?: number;
  },
): Promise<Migration> {
  const { bandwidthBytesPerSecond, httpProbes, ...rest } = request;
  const body = {
    ...rest,
    verify: { http_probes: [...httpProbes] },
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidth_bytes_per_second: bandwidthBytesPerSecond }),
  };
  const started = await answerOf(
    connected.api.POST("/v1/migrations", { body, params: { header: { "Idempotency-Key": crypto.randomUUID() } } }),
  );
  if ("migration_id" in started) return started;
  throw new CliError("The API planned and did not start", "Report this.");
}

export function readMigration(connected: ConnectedApi, id: string): Promise<Migration> {
  return answerOf(connected.api.GET("/v1/migrations/{id}", { params: { path: { id } } }));
}

/** Exactly what its dry run names goes. */
export async function finalize({ api }: ConnectedApi, id: string): Promise<void> {
  const kind = "finalize_migration" as const;
  const plan = await answerOf(api.POST("/v1/plans", { body: { kind, request: { migration_id: id } } }));
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash, confirm: plan.inputs.names as string[] };
  await answerOf(api.POST("/v1/migrations/{id}/finalize", { params: { path: { id } }, body }));
}

/** The kinds of those of the sites that are simulations. */
export async function simulatedKinds(connected: ConnectedApi, sites: readonly string[]): Promise<string[]> {
  const { items } = await answerOf(connected.api.GET("/v1/sites"));
  return items.filter(({ site, simulated }) => simulated && sites.includes(site)).map(({ kind }) => kind);
}

/** What is at the sites because of us, beside the VM that lives, its own volumes and the layers those are built on. */
export async function countOrphans(connected: ConnectedApi, sites: readonly string[], alive: Vm): Promise<number> {
  const wanted = new Set([alive.vm_id, ...alive.disks.map((disk) => disk.volume_id)]);
  let orphans = 0;
  for (const site of sites) {
    const { items } = await answerOf(connected.api.GET("/v1/sites/{site}/census", { params: { path: { site } } }));
    orphans += items.filter(({ id, tags }) => !wanted.has(id) && tags[retainedTag] === undefined).length;
  }
  return orphans;
}
