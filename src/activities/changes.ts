import { Context } from "@temporalio/activity";
import { type ErrorCode, errorMeanings, isProviderError, ProviderError } from "../domain/errors.ts";
import type { SiteDeps } from "./deps.ts";

/**
 * What an activity does beyond our own records. `changes` and `undoes` touch a site and leave a trail of their own;
 * `undoes` is only ever a compensation. `follows` makes and removes recovery points of what is protected, round after round:
 * their catalogue is its trail, and no freeze stops it. `reads` and `records` touch nothing.
 */
export type ActivityEffect = "changes" | "undoes" | "follows" | "reads" | "records";
export type Effects<T> = Readonly<Record<keyof T, ActivityEffect>>;

type AnyActivity = (...args: never[]) => Promise<unknown>;
/** More of an activity's result would swell the trail without telling more. */
const largestResult = 4_000;

/**
 * Lets activities that change a site through while nothing is frozen, and puts all that touch one into the audit trail: before the first attempt (no trail, no deed), when one is done,
 * and when one fails for good. Attempts between are in Temporal's history.
 */
export function withTrail<T extends Record<string, AnyActivity>>(
  { store }: { readonly store: Pick<SiteDeps["store"], "audit" | "guard"> },
  effects: Effects<T>,
  activities: T,
): T {
  const wrapped = Object.entries(activities).map(([name, activity]) => {
    const effect = effects[name as keyof T];
    if (effect !== "changes" && effect !== "undoes") return [name, activity];
    return [
      name,
      async (...args: never[]) => {
        const { info } = Context.current();
        const {
          workflowType = "",
          workflowId = "",
          runId = "",
        } = info.workflowExecution ? { workflowType: info.workflowType, ...info.workflowExecution } : {};
        const write = (outcome: string, more: { request?: unknown; after?: unknown }) =>
          store.audit.append({
            at: new Date().toISOString(),
            actor: actorOf(args[0], workflowType),
            action: `activity.${name}`,
            resource: resourceOf(args[0]),
            requestId: `${runId}/${info.activityId}`,
            workflowId,
            outcome,
            ...more,
          });
        if (effect === "changes" && !(await store.guard.admit(runId))) throw frozen(name);
        if (info.attempt === 1) await write("asked", { request: args[0] });
        try {
          const result = await activity(...args);
          await write("done", { after: brief(result) });
          return result;
        } catch (error) {
          if (isProviderError(error) && isFinal(error.code)) await write(error.code, {});
          throw error;
        }
      },
    ];
  });
  return Object.fromEntries(wrapped) as T;
}

/** Runs that had made a change before the freeze may finish or undo what they began; others never begin. */
function frozen(name: string): ProviderError {
  return new ProviderError("PolicyBlocked", {
    operation: `run ${name}`,
    resource: "system/freeze",
    reason: "all changes are frozen, and this run had made none before",
    action: "Start it again when an admin has allowed changes again (novacron unfreeze).",
  });
}

/** A run that a schedule asked for says which. */
function actorOf(input: unknown, workflowType: string): string {
  const by = input !== null && typeof input === "object" && "scheduleId" in input ? input.scheduleId : undefined;
  return typeof by === "string" ? `schedule/${by}` : `workflow/${workflowType}`;
}

function isFinal(code: ErrorCode): boolean {
  return ["never", "next-offering"].includes(errorMeanings[code].retry);
}

/** Every input names its place and its thing in members of the same few names. */
function resourceOf(input: unknown): string {
  if (input === null || typeof input !== "object") return "unknown";
  const members = input as Readonly<Record<string, unknown>>;
  const named = [
    "site",
    "from",
    "to",
    "sourceSite",
    "vmId",
    "sourceVmId",
    "volumeId",
    "keyId",
    "snapshotId",
    "addressId",
    "alarmId",
    "pointId",
    "generationId",
    "key",
    "manifestId",
  ];
  const found = named.flatMap((name) => (typeof members[name] === "string" ? [members[name]] : []));
  return [...found, ...shifted(members.shift)].join("/") || "unknown";
}

/** What a shift of traffic is about. */
function shifted(shift: unknown): string[] {
  if (shift === null || typeof shift !== "object") return [];
  const members = shift as Readonly<Record<string, unknown>>;
  const named = ["site", "proxy", "listener", "zoneId", "poolId", "name"];
  return named.flatMap((name) => (typeof members[name] === "string" ? [members[name]] : []));
}

function brief(result: unknown): unknown {
  return result !== undefined && JSON.stringify(result).length <= largestResult ? result : undefined;
}
