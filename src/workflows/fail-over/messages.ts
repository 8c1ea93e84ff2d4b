import { defineUpdate } from "@temporalio/workflow";
import type { FencingConfirmed, StepDone } from "./types.ts";

/** An update: whoever has done a manual step learns whether the run waited for it. */
export const stepDoneUpdate = defineUpdate<void, [StepDone]>("stepDone");
/** An update: as for {@link stepDoneUpdate}; refused while nothing waits for it. */
export const confirmFencedUpdate = defineUpdate<void, [FencingConfirmed]>("confirmFenced");
/** An update: steps that failed are tried again. Refused where none has. */
export const retryUpdate = defineUpdate<void, [{ readonly by: string }]>("retry");
/** An update: what the run made is removed, and the group goes back to where it was. Refused unless a step needs attention or
 *  a person is waited for. */
export const giveUpUpdate = defineUpdate<void, [{ readonly by: string }]>("giveUp");
