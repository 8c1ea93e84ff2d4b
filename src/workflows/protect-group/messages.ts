import { defineQuery, defineSignal } from "@temporalio/workflow";
import type { ProtectionStanding } from "./types.ts";

/** A signal: pausing needs no answer and may be repeated. */
export const pauseProtectionSignal = defineSignal("pause");
/** A signal: as for pausing. */
export const resumeProtectionSignal = defineSignal("resume");
/** A signal: a point is made as soon as the round that is under way has ended; asked twice, it is made once. */
export const makePointSignal = defineSignal("makePoint");
/** A signal: its points are removed, then the run ends. It may be repeated. */
export const deleteProtectionSignal = defineSignal("delete");
/** A signal from whoever changed the group's row: it is to be looked at again. A round of a group that a failover has taken
 *  is cancelled by it. */
export const groupChangedSignal = defineSignal("changed");
/** A signal: what was failed over is to be followed from where it serves to `to`, moving only differences. */
export const reprotectSignal = defineSignal<[{ readonly to: string }]>("reprotect");
/** A query: where the run stands. */
export const protectionStandingQuery = defineQuery<ProtectionStanding>("standing");
