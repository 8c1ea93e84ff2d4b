/** The control plane as a thing that can be lost: who it is, where its backups lie, and which of two may act. */

/** Says which control plane may act. It lies as a document at each site that backups go to, changed by compare-and-swap. */
export interface ControlPlaneClaim {
  readonly installationId: string;
  /** Raised by each recovery: of two control planes the one of the earlier epoch stops. */
  readonly epoch: number;
  /** Another one for each control plane that was ever brought up. */
  readonly holderId: string;
  /** Its machine, for people. */
  readonly host: string;
  readonly takenAt: string;
  /** Why it was taken over; absent of the first one. */
  readonly reason?: string;
}

/** What its own row in the store says of a control plane. */
export interface ControlPlane extends Pick<ControlPlaneClaim, "installationId" | "epoch" | "holderId"> {
  /** When its own claim was seen last at a site. */
  readonly seenAt?: string;
  /** The one that took over: this one acts no more. */
  readonly supersededBy?: ControlPlaneClaim;
}

/** What a backup says of itself in the clear, beside its parts. */
export interface BackupManifest {
  readonly version: 1;
  readonly backupId: string;
  readonly installationId: string;
  readonly epoch: number;
  /** The moment that it shows. */
  readonly takenAt: string;
  /** When all of it had been read back. */
  readonly provenAt: string;
  /** The newest migration of the store's schema. */
  readonly schema: number;
  readonly rows: number;
  /** Of what is in it, unpacked. */
  readonly bytes: number;
  /** SHA-256 of that, in hex. */
  readonly sha256: string;
  /** Its parts in their order, sealed as they lie there. */
  readonly parts: readonly { readonly bytes: number; readonly sha256: string }[];
  /** The key of the parts, sealed for the recovery key. */
  readonly key: { readonly ephemeral: string; readonly sealed: string };
  /** Of the recovery key that opens it. */
  readonly keyId: string;
}

/** Under which nothing of another installation lies. */
export function controlPlaneName(installationId: string): string {
  return `control-planes/${installationId}`;
}

export const controlPlanesPrefix = "control-planes/";

export function claimName(installationId: string): string {
  return `${controlPlaneName(installationId)}/claim`;
}

export function backupsPrefix(installationId: string): string {
  return `${controlPlaneName(installationId)}/backups/`;
}

export function manifestName(installationId: string, backupId: string): string {
  return `${backupsPrefix(installationId)}${backupId}/manifest`;
}

export function partName(installationId: string, backupId: string, index: number): string {
  return `${backupsPrefix(installationId)}${backupId}/part-${String(index).padStart(6, "0")}`;
}

/** Names sort by their moment: `20261129t083000z-1a2b3c4d`. */
export function newBackupId(takenAt: Date, random: string): string {
  const moment = takenAt.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `${moment.toLowerCase()}-${random}`;
}

/** Undefined for a name that is none of ours. */
export function momentOfBackup(backupId: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)z-[0-9a-f]+$/.exec(backupId) ?? [];
  return year === undefined
    ? undefined
    : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) || undefined;
}

export type Standing = "ours" | "free" | "behind" | "superseded";

/**
 * What a claim that lies at a site means for the control plane that reads it. `free`: there is none, it may put its own.
 * `behind`: one of an earlier epoch, which it replaces. Of two that were recovered into the same epoch at two sites that did
 * not see each other, all readers choose the same one.
 */
export function standingOf(
  own: Pick<ControlPlane, "epoch" | "holderId">,
  found: Pick<ControlPlaneClaim, "epoch" | "holderId"> | undefined,
): Standing {
  if (found === undefined) return "free";
  if (found.epoch !== own.epoch) return found.epoch > own.epoch ? "superseded" : "behind";
  if (found.holderId === own.holderId) return "ours";
  return found.holderId > own.holderId ? "superseded" : "behind";
}

const day = 86_400_000;
/** As few as these stay whatever their age: a control plane that was off for long still has what to begin with. */
const leastKept = 3;

/** Of the backups at a site those that are to go: kept are all of the newest day, after that the newest of each day, for so
 *  long; and the newest three in any case. */
export function backupsToRemove(backupIds: readonly string[], now: number, keepMs: number): string[] {
  const known = backupIds
    .flatMap((backupId) => {
      const at = momentOfBackup(backupId);
      return at === undefined ? [] : [{ backupId, at }];
    })
    .sort((a, b) => b.at - a.at || (a.backupId < b.backupId ? 1 : -1));
  const days = new Set<number>();
  return known
    .filter(({ at }, index) => {
      const age = now - at;
      const first = !days.has(Math.floor(at / day));
      days.add(Math.floor(at / day));
      if (index < leastKept) return false;
      return age > keepMs || (age > day && !first);
    })
    .map(({ backupId }) => backupId);
}

/** What a person is told of a run that was under way and is gone. */
export type InterruptedOutcome =
  /** Its run was found, and goes on. */
  | "goes-on"
  /** It is started anew, from its rows. */
  | "restarted"
  /** Nothing goes on by itself; the advice says what to do. */
  | "lost";

export type InterruptedKind =
  | "migration"
  | "wave"
  | "operation"
  | "migration-test"
  | "assessment"
  | "protection-group"
  | "recovery-run"
  | "restore";

/** Something that was under way when the state was kept that the control plane was rebuilt from. */
export interface InterruptedRun {
  readonly workflowId: string;
  readonly kind: InterruptedKind;
  readonly subject: string;
  readonly state: string;
  readonly outcome: InterruptedOutcome;
  readonly advice?: string;
  readonly at: string;
}

/** A thing that was not at its end, as its rows say. */
export interface OpenRun extends Pick<InterruptedRun, "workflowId" | "kind" | "subject" | "state"> {
  readonly id: string;
  /** Nothing was begun of it that a run of the same name would not do again in the same way. */
  readonly untouched: boolean;
}

/** What becomes of what was under way when its run does not go on. `ended`: a Temporal that lived on knows the run, which came to
 *  its end after the backup was made; no other one of its name begins there. */
export function judgeLostRun(
  { kind, id, state, untouched, subject }: OpenRun,
  ended = false,
): {
  outcome: Exclude<InterruptedOutcome, "goes-on">;
  advice?: string;
} {
  if (untouched && state !== "failing-over" && !(ended && kind !== "protection-group")) return { outcome: "restarted" };
  return { outcome: "lost", advice: adviceFor(kind, id, state, subject) };
}

function adviceFor(kind: InterruptedKind, id: string, state: string, subject: string): string {
  if (kind === "protection-group") {
    return `A failover held ${subject}, and its run is gone: the group is paused. \`novacron protection lease ${id}\` says which site may write; then resume its protection, or start a failover anew.`;
  }
  if (kind === "migration" && (state === "awaiting-finalize" || state === "undoing")) {
    return `${subject} serves at the target and is fenced at the source: remove what is left at the source with \`novacron vms delete\`, or use it from there after removing the tag novacron:fenced-by.`;
  }
  if (kind === "migration") {
    return `Look whether ${subject} runs at the source (it may be fenced there by the tag novacron:fenced-by, value ${id}), start it if it should, and move it again: what was copied is used where it is proven. GET /v1/sites/{site}/census lists what was left.`;
  }
  if (kind === "wave") return "Its migrations are listed by themselves; make a new wave of those that were not moved.";
  if (kind === "recovery-run") {
    return "Its group is released, and paused if this held it; look where it serves, then start it anew. What a drill made is in GET /v1/sites/{site}/census.";
  }
  if (kind === "restore") {
    return `Look whether ${subject} is there: what was made of it carries the key ${id} in GET /v1/sites/{site}/census, and is removed with \`novacron vms delete\`. Then restore again.`;
  }
  if (kind === "migration-test") return "The sweep of tests removes what it left; test again.";
  return "Look what was done already, and ask for the rest again.";
}
