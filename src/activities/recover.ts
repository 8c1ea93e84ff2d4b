import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import { addUp, type Cost, instanceHours } from "../domain/prices.ts";
import { isRecoveryEnded, type RecoveryRequest, type RecoveryStepRecord } from "../domain/recovery-run.ts";
import { signedText, webhookHeaders } from "../domain/webhook.ts";
import { toWire } from "../domain/wire.ts";
import type { RecoveryRunPatch } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

const pollMs = 500;
const longestTryMs = 30_000;

/** What a webhook is told. */
export interface WebhookWords {
  readonly runId: string;
  readonly groupId: string;
  readonly mode: string;
  readonly from: string;
  readonly to: string;
  readonly bootGroup: string;
  readonly step: string;
}

export function recoverActivities({ registry, store, settings, webhookKey }: ActivityDeps) {
  return {
    /** A repeat changes nothing; `ended` is true of a run that is over: whoever asked for it twice gets the same one.
     *  @throws ProviderError NotFound for a group that is not there. */
    async registerRecovery(input: {
      runId: string;
      planId: string;
      workflowId: string;
      request: RecoveryRequest;
      requestedBy: string;
    }): Promise<{ ended: boolean }> {
      const { runId, planId, workflowId, request, requestedBy: createdBy } = input;
      const { groupId, mode, reason } = request;
      const group = await store.protection.get(groupId);
      if (!group) {
        throw new ProviderError("NotFound", {
          operation: "recover the group",
          resource: `protection-group/${groupId}`,
          reason: "there is no such group",
          action: "List them with novacron protection list.",
        });
      }
      const [from, to] = [group.currentSite, group.replicatesTo ?? group.policy.recoverySite];
      await store.recoveryRuns.create({ runId, groupId, planId, workflowId, mode, reason, from, to, createdBy });
      return { ended: isRecoveryEnded((await store.recoveryRuns.get(runId))?.state ?? "running") };
    },

    async recordRecovery(input: { runId: string; patch: RecoveryRunPatch }): Promise<void> {
      await store.recoveryRuns.update(input.runId, input.patch);
    },

    async recordRecoveryStep(input: { runId: string; step: RecoveryStepRecord }): Promise<void> {
      await store.recoveryRuns.recordStep(input.runId, input.step);
    },

    /** Calls a script of the recovery plan, signed, again and again until it answers with 2xx: its name in the run goes along,
     *  so that it can tell a repeat. @throws ProviderError Timeout, with its last answer. */
    async callRecoveryWebhook(input: { url: string; withinMs: number; said: WebhookWords }): Promise<void> {
      const { url, withinMs, said } = input;
      const key = await webhookKey();
      if (key === undefined) {
        throw new ProviderError("InvalidInput", {
          operation: "call the script",
          resource: url,
          reason: "there is no key to sign with",
          action: "Set webhooks.key in the configuration.",
        });
      }
      const body = JSON.stringify(toWire(said));
      const headers = (at: number) => ({
        "content-type": "application/json",
        ...webhookHeaders(
          `${said.runId}/${said.bootGroup}/${said.step}`,
          at,
          createHmac("sha256", key).update(signedText(at, body)).digest("hex"),
        ),
      });
      await until("call the script", url, withinMs, async (signal) => {
        const at = Math.floor(Date.now() / 1000);
        // Elsewhere the signature would be shown to somebody else.
        const response = await fetch(url, { method: "POST", body, headers: headers(at), signal, redirect: "error" });
        await response.body?.cancel();
        return response.ok ? undefined : `it answered ${response.status}`;
      });
    },

    /** Waits until the URL answers so. @throws ProviderError Timeout, with its last answer. */
    async awaitAnswer(input: { url: string; expectStatus: number; withinMs: number }): Promise<void> {
      const { url, expectStatus, withinMs } = input;
      await until("ask what was brought up", url, withinMs, async (signal) => {
        const response = await fetch(url, { signal, redirect: "manual" });
        await response.body?.cancel();
        return response.status === expectStatus
          ? undefined
          : `it answered ${response.status} instead of ${expectStatus}`;
      });
    },

    /** What a drill's VMs cost by the prices of their sizes; undefined where the site has none. */
    async costOfDrill(input: {
      site: string;
      vms: readonly { readonly instanceType: string; readonly seconds: number }[];
    }): Promise<Cost | undefined> {
      const { market } = settings(input.site);
      if (!market || input.vms.length === 0) return undefined;
      const book = await store.prices.book(market.provider, market.region);
      return addUp(input.vms.map(({ instanceType, seconds }) => instanceHours(book, instanceType, seconds / 3600)));
    },

    /** Of what a drill made at the site, what is there still. */
    async countLeftOver(input: { site: string; runId: string }): Promise<{ leftOver: readonly string[] }> {
      const { site, runId } = input;
      const provider = await registry.provider(site);
      const leftOver: string[] = [];
      for await (const { kind, id, tags } of provider.census(Context.current().cancellationSignal)) {
        const own = Object.values(tags).some((value) => value === runId || value.startsWith(`${runId}-`));
        if (own || id.startsWith(`${runId}-`)) leftOver.push(`${kind}/${id}`);
      }
      return { leftOver };
    },
  };
}

/** Tries until there is nothing to say against it. */
async function until(
  operation: string,
  url: string,
  withinMs: number,
  attempt: (signal: AbortSignal) => Promise<string | undefined>,
): Promise<void> {
  const { cancellationSignal } = Context.current();
  const deadline = Date.now() + withinMs;
  for (;;) {
    const leftMs = Math.max(1, deadline - Date.now());
    const signal = AbortSignal.any([cancellationSignal, AbortSignal.timeout(Math.min(longestTryMs, leftMs))]);
    const reason = await attempt(signal).catch((error: unknown) => {
      cancellationSignal.throwIfAborted();
      const { message, cause } = error as Error;
      return cause instanceof Error ? cause.message : message;
    });
    if (reason === undefined) return;
    if (Date.now() >= deadline) {
      const action = "See why, then let the run try the step again.";
      throw new ProviderError("Timeout", {
        operation,
        resource: url,
        reason: `within ${withinMs / 1000} s ${reason}`,
        action,
      });
    }
    await sleep(pollMs, undefined, { signal: cancellationSignal });
  }
}
