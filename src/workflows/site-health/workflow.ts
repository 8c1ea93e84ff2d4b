import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Question } from "../../activities/site-health.ts";
import { lookoutNotes, type Vantage } from "../../domain/lookout.ts";
import type { JudgeTerms, Verdict } from "../../domain/site-health.ts";
import { siteQueue } from "../../domain/site-work.ts";
import { listenCall, recordCall, siteCall } from "../lib/activity-options.ts";
import { answerOutageUpdate, siteHealthQuery } from "./messages.ts";
import type { OutageAnswer, SiteHealthInput } from "./types.ts";

const looking = proxyActivities<Activities>(listenCall);
/** A vantage point whose worker died answers no cancellation, and nobody waits for it. */
const glancing = proxyActivities<Activities>({ ...listenCall, cancellationType: ActivityCancellationType.TRY_CANCEL });
const acting = proxyActivities<Activities>(siteCall);
const records = proxyLocalActivities<Activities>(recordCall);

/** How a site is, as long as a group is served there that could be brought up elsewhere. */
class SiteHealth {
  readonly #input: SiteHealthInput;
  readonly #questions = new Map<string, Question>();
  #vantages: readonly Vantage[] = [];
  #verdict: Verdict = "unknown";
  #wasDown: boolean;

  constructor(input: SiteHealthInput) {
    this.#input = input;
    this.#wasDown = input.wasDown ?? false;
    for (const question of input.questions ?? []) this.#ask(question);
  }

  /** One round; false when nobody needs another. */
  async round(): Promise<boolean> {
    const { site, roundMs } = this.#input;
    const { needed, terms, vantages } = await records.planLookout({ site });
    if (!needed) return false;
    this.#vantages = vantages;
    const looks = new CancellationScope();
    // One that can't look is one that is not there; how many are, the judgement says.
    const looked = looks.run(() => Promise.all(vantages.map((vantage) => this.#look(vantage, terms).catch(() => {}))));
    looked.catch(() => undefined);
    try {
      await this.#judge(terms, roundMs);
    } finally {
      looks.cancel();
    }
    return true;
  }

  async answer({ decisionId, by, failover, madeSureOf }: OutageAnswer): Promise<void> {
    const said = { decisionId, by, failover, ...(madeSureOf === undefined ? {} : { madeSureOf }) };
    await acting.answerOutage.executeWithOptions({ summary: `${by} answers` }, [said]);
    this.#questions.delete(decisionId);
  }

  get view() {
    const { site } = this.#input;
    return {
      verdict: this.#verdict,
      vantages: this.#vantages.map(({ vantage, failureDomain }) => ({ vantage, failureDomain })),
      notes: lookoutNotes(site, this.#vantages),
      questions: [...this.#questions.keys()],
    };
  }

  get next(): SiteHealthInput {
    return { ...this.#input, wasDown: this.#wasDown, questions: [...this.#questions.values()] };
  }

  /** On the queue of the vantage point's own site: what its workers see is what is asked for. */
  async #look({ site: from, ...vantage }: Vantage, { intervalMs }: JudgeTerms): Promise<void> {
    const { site: of, roundMs } = this.#input;
    const input = { ...vantage, ...(from === undefined ? {} : { site: from }), of, intervalMs, forMs: roundMs };
    const queue = from === undefined ? {} : { taskQueue: siteQueue(from) };
    const options = { ...queue, summary: `look at ${of} from ${vantage.vantage}` };
    await glancing.probeSite.executeWithOptions(options, [input]);
  }

  async #judge(terms: JudgeTerms, roundMs: number): Promise<void> {
    const { site, askForMs } = this.#input;
    const notes = lookoutNotes(site, this.#vantages);
    const input = { site, terms, notes, wasDown: this.#wasDown, forMs: roundMs };
    const changed = await looking.judgeSite.executeWithOptions({ summary: `judge ${site}` }, [input]);
    if (!changed) return;
    const { verdict, decisionId } = changed;
    this.#verdict = verdict;
    this.#wasDown = verdict === "down";
    if (!this.#wasDown) return;
    const outage = { site, decisionId, terms, askForMs };
    const summary = `${site} is down`;
    for (const question of await acting.actOnOutage.executeWithOptions({ summary }, [outage])) this.#ask(question);
  }

  #ask(question: Question): void {
    this.#questions.set(question.decisionId, question);
    void this.#close(question);
  }

  async #close({ decisionId, deadline }: Question): Promise<void> {
    await sleep(Math.max(1, Date.parse(deadline) - Date.now()), { summary: "until nobody has answered" });
    if (!this.#questions.delete(decisionId)) return;
    // No local activity: beside another one it would be replayed in another order.
    await acting.closeQuestion.executeWithOptions({ summary: "say that nobody has answered" }, [{ decisionId }]);
  }
}

/** Looks at a site from where else there is somebody, and judges. */
export async function siteHealth(input: SiteHealthInput): Promise<void> {
  const health = new SiteHealth(input);
  setHandler(answerOutageUpdate, (answer) => health.answer(answer));
  setHandler(siteHealthQuery, () => health.view);
  while (await health.round()) {
    if (!workflowInfo().continueAsNewSuggested) continue;
    await condition(allHandlersFinished);
    await continueAsNew<typeof siteHealth>(health.next);
  }
  await condition(allHandlersFinished);
}
