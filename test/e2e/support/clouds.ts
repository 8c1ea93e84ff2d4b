import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "../../../bench/lib/stack-lab.ts";
import { type JournalEntry, readJournal } from "../../../src/cli/demo/journal.ts";
import type { MigrationView } from "../../../src/domain/migration.ts";
import { finalizeUpdate } from "../../../src/workflows/migrate-vm/messages.ts";
import type { Lab } from "../../support/lab.ts";

export const clouds = ["aws-us-east-1", "azure-eastus", "gcp-us-central1", "oci-us-ashburn-1"] as const;
const answersWithinMs = 180_000;
const signal = () => AbortSignal.timeout(60_000);

/** Waits for the end of a move, whose disks are proven, each of them. */
export async function arrives(lab: Lab, id: string): Promise<MigrationView> {
  const view = await lab.until(id, "awaiting-finalize");
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  return view;
}

/** What is there because of us, but for the empty backup that every disk at Oracle Cloud is made of: it stays. */
export async function census(lab: Lab, site: Site): Promise<string[]> {
  const entries = await Array.fromAsync((await lab.deps.registry.provider(site)).census(signal()));
  const counted = entries.filter((entry) => !JSON.stringify(entry).includes("blank"));
  return counted.map(({ kind, id }) => `${kind} ${id}`).sort();
}

/** Deletes what is left of the moves, the newest first. */
export async function finalizeAll(lab: Lab, ids: readonly string[]): Promise<void> {
  for (const id of ids.toReversed()) {
    const plan = await lab.planFinalize(id);
    const failed = plan.checks.filter(({ result }) => result === "fail");
    assert.deepEqual(failed, [], `finalize of ${id}`);
    const { planId, hash: planHash } = plan;
    const run = lab.client.workflow.getHandle(`migration/${id}`);
    await run.executeUpdate(finalizeUpdate, { args: [{ planId, planHash }] });
  }
}

export async function addressOf(lab: Lab, site: Site, vmId: string): Promise<string> {
  const { compute } = await lab.deps.registry.provider(site);
  const [endpoint] = (await compute.getVm(vmId, signal())).endpoints;
  assert.ok(endpoint, `${vmId} at ${site} publishes a port`);
  return `http://${endpoint.host}:${endpoint.port}`;
}

/** The application's journal, its chain followed; waits for the guest to answer. */
export async function journal(lab: Lab, site: Site, vmId: string): Promise<JournalEntry[]> {
  for (const deadline = Date.now() + answersWithinMs; ; await sleep(200)) {
    let why: unknown = new Error(`the journal of ${vmId} at ${site} is empty`);
    try {
      const url = `${await addressOf(lab, site, vmId)}/cgi-bin/journal`;
      const entries = readJournal(await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text());
      if (entries.length > 0) return entries;
    } catch (error) {
      why = error;
    }
    if (Date.now() > deadline) throw why;
  }
}
