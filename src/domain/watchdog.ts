import type { LeaseTerms } from "./lease.ts";

/**
 * When a holder has to cut itself off. Times are milliseconds of one clock that only goes forward and is the same for all
 * processes of a machine since it was started.
 */
export interface WatchdogState {
  /** Of the machine's start: after another one nothing that was noted counts. */
  readonly bootId: string;
  readonly deadlineMs: number;
  readonly cutOff: boolean;
}

/** Nothing was renewed since the machine started: VMs that started with it may run while another site holds the lease. */
export function startedWatchdog(noted: WatchdogState | undefined, bootId: string, nowMs: number): WatchdogState {
  if (noted?.bootId === bootId) return noted;
  return { bootId, deadlineMs: nowMs, cutOff: false };
}

/** A renewal went through that was asked for at `askedMs`: the lease was there no earlier than that. */
export function watchdogRenewed(state: WatchdogState, terms: LeaseTerms, askedMs: number): WatchdogState {
  return { ...state, deadlineMs: Math.max(state.deadlineMs, askedMs + terms.durationMs), cutOff: false };
}

export function mustCutOff(state: WatchdogState, nowMs: number): boolean {
  return !state.cutOff && nowMs >= state.deadlineMs;
}

/** How often a lease is renewed: several tries fit into it. */
export function renewEveryMs({ durationMs }: LeaseTerms): number {
  return Math.max(50, Math.floor(durationMs / 6));
}
