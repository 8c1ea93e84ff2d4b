import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  executeChild,
  log,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from "@temporalio/workflow";

interface Noting {
  note(input: { what: string }): Promise<void>;
}

const { note } = proxyActivities<Noting>({ startToCloseTimeout: "10 seconds" });
const local = proxyLocalActivities<Noting>({ startToCloseTimeout: "10 seconds" });
export const answerUpdate = defineUpdate<void, [string]>("answer");
export const goOnSignal = defineSignal("goOn");

export async function child(): Promise<void> {
  await note({ what: "child" });
}

/** Uses each way by which a trace is handed on, the second time around after it continued as new. */
export async function everyWay(round = 1): Promise<void> {
  let goesOn = false;
  setHandler(answerUpdate, async (what) => note({ what }));
  setHandler(goOnSignal, () => {
    goesOn = true;
  });
  log.warn("on its way", { round });
  await note({ what: `round ${round}` });
  await local.note({ what: `local ${round}` });
  if (round === 2) return;
  await executeChild(child);
  await condition(() => goesOn);
  await continueAsNew<typeof everyWay>(2);
}

export async function failing(): Promise<void> {
  throw ApplicationFailure.nonRetryable("as it should");
}
