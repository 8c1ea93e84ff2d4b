import { proxyActivities, sleep } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { BootGroupParameters } from "../../domain/recovery-actions.ts";
import { type RecoveryStep, recoveryDefaults } from "../../domain/recovery-plan.ts";
import { siteCall } from "../lib/activity-options.ts";
import type { StepWords, Story } from "./story.ts";
import type { StepDone } from "./types.ts";

export interface StepPlace {
  readonly runId: string;
  readonly groupId: string;
  readonly mode: "failover" | "switchover" | "drill";
  readonly from: string;
  readonly to: string;
  readonly story: Story;
  /** A step that fails waits for a person, who lets it try again; else it ends the run. */
  readonly insists: boolean;
  /** What people have said of manual steps. */
  readonly done: readonly StepDone[];
}

/** The steps of a boot group beside its VMs, in their order. */
export async function runSteps(
  place: StepPlace,
  { name: bootGroup }: Pick<BootGroupParameters, "name">,
  steps: readonly RecoveryStep[],
): Promise<void> {
  for (const step of steps) await runStep(place, bootGroup, step);
}

async function runStep(place: StepPlace, bootGroup: string, step: RecoveryStep): Promise<void> {
  const { story, mode, runId, insists } = place;
  const carry = (what: StepWords, work: () => Promise<unknown>) =>
    insists ? story.insist(what, work) : story.run(what, work);
  const words = { step: step.kind, bootGroup };
  const isDrill = mode === "drill";
  if (step.kind === "manual") {
    const detail = `${step.name}: ${step.instruction}`;
    if (isDrill) return story.passOver({ ...words, detail }, "nobody is asked in a drill");
    const withinMs = (step.withinSeconds ?? recoveryDefaults.manualSeconds) * 1000;
    const said = () => place.done.find((each) => each.bootGroup === bootGroup && each.step === step.name);
    const saidBy = () => {
      const who = said();
      return who && `${who.by}${who.note === undefined ? "" : `: ${who.note}`}`;
    };
    // One that nobody did in time is waited for again, when somebody says so.
    await story.byPerson({ ...words, detail }, saidBy, withinMs, insists);
    return;
  }
  const withinMs = (step.withinSeconds ?? recoveryDefaults.stepSeconds) * 1000;
  // An activity says itself when its time is over; this is for one that can't.
  const options = { ...siteCall, startToCloseTimeout: withinMs + 60_000, scheduleToCloseTimeout: withinMs + 120_000 };
  const calls = proxyActivities<Activities>(options);
  if (step.kind === "webhook") {
    const detail = `${step.name}: call ${step.url}`;
    if (isDrill && !step.inDrills) return story.passOver({ ...words, detail }, "it is not called in a drill");
    const { groupId, from, to } = place;
    const said = { runId, groupId, mode, from, to, bootGroup, step: step.name };
    await carry({ ...words, detail }, () =>
      calls.callRecoveryWebhook.executeWithOptions({ summary: detail }, [{ url: step.url, withinMs, said }]),
    );
    return;
  }
  const { url, expectStatus = 200 } = step;
  const detail = `${step.name}: wait for ${expectStatus} of ${url}`;
  if (isDrill) return story.passOver({ ...words, detail }, "nobody reaches into a drill's network");
  await carry({ ...words, detail }, () =>
    calls.awaitAnswer.executeWithOptions({ summary: detail }, [{ url, expectStatus, withinMs }]),
  );
}

export async function pauseAfter({ story }: Pick<StepPlace, "story">, group: BootGroupParameters): Promise<void> {
  const { name: bootGroup, waitSeconds } = group;
  if (waitSeconds === 0) return;
  const detail = `Wait ${waitSeconds} s after ${bootGroup}`;
  await story.run({ step: "wait", bootGroup, detail }, () => sleep(waitSeconds * 1000, { summary: detail }));
}
