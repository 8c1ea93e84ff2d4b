import { defineQuery, defineSignal } from "@temporalio/workflow";
import type { MemberOutcome } from "../../domain/wave.ts";
import type { WaveProgress } from "./types.ts";

/** A signal: pausing needs no answer and may be repeated. It reaches the migrations that are under way, too. */
export const pauseWaveSignal = defineSignal("pause");
/** A signal: as for pausing. */
export const resumeWaveSignal = defineSignal("resume");
/** A signal from a migration of the wave: it has moved its VM, or it won't. Its run may stay open long after. */
export const memberEndedSignal = defineSignal<[MemberOutcome]>("memberEnded");
/** A signal from a migration of the wave: its VM serves at the target, so that another may be at work. */
export const memberServesSignal = defineSignal<[{ migrationId: string }]>("memberServes");
/** A query: where the wave stands, also after it has ended. */
export const waveProgressQuery = defineQuery<WaveProgress>("progress");
