import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import { makeSureOf } from "../domain/fencing.ts";
import { lookoutTerms, type Vantage, vantagesOf } from "../domain/lookout.ts";
import type { ProtectionGroup } from "../domain/protection.ts";
import { automaticFailover, type JudgeTerms, judgedMs, judgeSite, type Verdict } from "../domain/site-health.ts";
import type { HealthDecision } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

export interface Lookout {
  /** False when no group is there that could be brought up elsewhere. */
  readonly needed: boolean;
  readonly terms: JudgeTerms;
  readonly vantages: readonly Vantage[];
}

export interface Question {
  readonly decisionId: string;
  readonly groupId: string;
  readonly deadline: string;
}

/** Judging sites by what vantage points saw of them, and what follows from it. */
export function siteHealthActivities({ store, health, startFailover }: ActivityDeps) {
  return {
    async planLookout({ site }: { site: string }): Promise<Lookout> {
      const groups = await groupsAt(site);
      if (groups.length === 0) return { needed: false, terms: { intervalMs: 0, threshold: 0 }, vantages: [] };
      const sites = health.sites.map((each) => each.site);
      const live = (await store.siteWorkers.standings(sites)).filter((standing) => standing.live);
      const vantages = vantagesOf(
        site,
        health,
        live.map((standing) => standing.site),
      );
      return { needed: true, terms: lookoutTerms(groups.map(({ policy }) => policy)), vantages };
    },

    /** Judges again and again, for `forMs`, and records each judgement that says something new. Returns when the verdict has
     *  become `down`, or is so no more, from what it was before. */
    async judgeSite(input: {
      site: string;
      terms: JudgeTerms;
      notes: readonly string[];
      /** Whether it was down at the last return. */
      wasDown: boolean;
      forMs: number;
    }): Promise<{ verdict: Verdict; decisionId: string } | undefined> {
      const { site, terms, notes, wasDown, forMs } = input;
      const { cancellationSignal } = Context.current();
      const until = AbortSignal.any([cancellationSignal, AbortSignal.timeout(forMs)]);
      let last: Pick<HealthDecision, "decisionId" | "verdict" | "reasons"> | undefined =
        await store.health.latest(site);
      while (!until.aborted) {
        const { verdict, samples, ...judgement } = await judge(site, terms);
        const reasons = [...judgement.reasons, ...notes];
        if (sayingOf({ verdict, reasons }) !== sayingOf(last)) {
          const decisionId = randomUUID();
          await store.health.decide({ decisionId, site, verdict, action: "none", reasons, samples });
          last = { decisionId, verdict, reasons };
        }
        // Also what an earlier attempt has recorded, and died before it could say so.
        if (last && (verdict === "down") !== wasDown) return { verdict, decisionId: last.decisionId };
        await sleep(Math.max(100, terms.intervalMs / 3), undefined, { signal: until }).catch(() => undefined);
      }
      cancellationSignal.throwIfAborted();
      return undefined;
    },

    /** For each group at the site: begins its failover where that may be, else asks. A repeat does nothing again. */
    async actOnOutage(input: {
      site: string;
      /** Of the judgement. */
      decisionId: string;
      terms: JudgeTerms;
      askForMs: number;
    }): Promise<readonly Question[]> {
      const { site, decisionId: outage, terms, askForMs } = input;
      const judgement = await judge(site, terms);
      const questions: Question[] = [];
      const domainOf = (of: string) => health.sites.find((each) => each.site === of)?.failureDomain ?? of;
      for (const group of await groupsAt(site)) {
        const { groupId, epoch, policy, replicatesTo = policy.recoverySite } = group;
        const decisionId = `${outage}-${groupId}`;
        const { allowed, reasons } = automaticFailover({
          judgement,
          optedIn: policy.autoFailover,
          primaryDomain: domainOf(site),
          recoveryDomain: domainOf(replicatesTo),
          controlDomain: health.controlDomain,
          canBegin: startFailover !== undefined,
        });
        const { verdict, samples } = judgement;
        const decision = { decisionId, site, groupId, epoch, verdict, samples };
        if (allowed) {
          const why = [...judgement.reasons, "the group has opted into automatic failover"];
          await store.health.decide({ ...decision, action: "failover", reasons: why });
          await begin(group, { ...decision, reasons: judgement.reasons }, "automatic");
          continue;
        }
        if (verdict !== "down") {
          await store.health.decide({ ...decision, action: "none", reasons });
          continue;
        }
        const deadline = new Date(Date.now() + askForMs).toISOString();
        const names = group.members.map(({ name }) => name);
        const asked = { action: "asked", deadline, makeSureOf: makeSureOf({ site, names }) } as const;
        await store.health.decide({ ...decision, ...asked, reasons: [...judgement.reasons, ...reasons] });
        await tell(
          groupId,
          "note",
          `${site} is down: fail over to ${replicatesTo}? (${reasons.join("; ")})`,
          decisionId,
        );
        questions.push({ decisionId, groupId, deadline });
      }
      return questions;
    },

    /** What a person said to a question. @throws Conflict when it is over, or was answered. */
    async answerOutage(input: {
      decisionId: string;
      by: string;
      failover: boolean;
      madeSureOf?: string;
    }): Promise<void> {
      const { decisionId, by, failover, madeSureOf } = input;
      const decision = await store.health.decision(decisionId);
      const given = { failover, ...(madeSureOf === undefined ? {} : { madeSureOf }) };
      const isSame = decision?.answeredBy === by && decision.answer?.failover === failover;
      if (!decision || (!isSame && !(await store.health.answer(decisionId, by, given)))) {
        throw new ProviderError(decision ? "Conflict" : "NotFound", {
          operation: "answer",
          resource: `health-decision/${decisionId}`,
          reason: decision ? "it was answered, or its time is over" : "there is no such question",
          action: "Look at the site's decisions; a failover can be started at any time.",
        });
      }
      const group = decision.groupId === undefined ? undefined : await store.protection.get(decision.groupId);
      if (!group) return;
      await tell(group.groupId, "note", `${by} answered: ${failover ? "fail over" : "don't"}`, `${decisionId}/answer`);
      if (failover) await begin(group, decision, by, madeSureOf);
    },

    /** Says that a question's time is over, unless it was answered. */
    async closeQuestion({ decisionId }: { decisionId: string }): Promise<void> {
      const decision = await store.health.decision(decisionId);
      if (!decision?.groupId || decision.answeredAt !== undefined) return;
      const message = `nobody answered whether to fail over from ${decision.site}: nothing was done`;
      await tell(decision.groupId, "note", message, `${decisionId}/over`);
    },
  };

  /** Those that are served there and could be brought up elsewhere. */
  async function groupsAt(site: string): Promise<readonly ProtectionGroup[]> {
    const groups = await store.protection.all();
    return groups.filter(
      ({ writableSite, replicatesTo, takeover }) => writableSite === site && replicatesTo !== undefined && !takeover,
    );
  }

  async function judge(site: string, terms: JudgeTerms) {
    const { samples, now } = await store.health.samples(site, judgedMs(terms));
    const failureDomain = health.sites.find((each) => each.site === site)?.failureDomain ?? site;
    const judgement = judgeSite({ site, failureDomain, samples, terms, nowMs: Date.parse(now) });
    // What was decided on: the rounds that counted.
    const kept = [...Map.groupBy(samples, ({ vantage }) => vantage).values()].flatMap((of) =>
      of.slice(-terms.threshold),
    );
    return { ...judgement, samples: kept };
  }

  async function begin(
    group: ProtectionGroup,
    decided: Pick<HealthDecision, "decisionId" | "reasons" | "samples" | "epoch">,
    requestedBy: string,
    madeSureOf?: string,
  ): Promise<void> {
    if (!startFailover) return;
    const { groupId } = group;
    const { decisionId, reasons, samples, epoch = group.epoch } = decided;
    const reason = reasons[0] ?? "an outage";
    await tell(groupId, "failover", `failover begins: ${reason}`, `${decisionId}/begins`);
    // What is lost is counted from when it was first seen to be away.
    const outageAt = samples
      .flatMap(({ sees, at }) => (sees === "down" ? [at] : []))
      .sort()
      .at(0);
    await startFailover({
      ...{ groupId, epoch, reason, requestedBy, decisionId },
      ...(outageAt === undefined ? {} : { outageAt }),
      ...(madeSureOf === undefined ? {} : { madeSureOf }),
    });
  }

  async function tell(groupId: string, type: "failover" | "note", message: string, dedupeKey: string): Promise<void> {
    await store.protection.appendEvent(groupId, { type, message, data: {}, dedupeKey });
  }
}

/** Without what changes in each round, so that a decision is recorded when it says something new. */
function sayingOf(decision: { verdict: Verdict; reasons: readonly string[] } | undefined): string {
  return decision ? JSON.stringify([decision.verdict, decision.reasons]) : "";
}
