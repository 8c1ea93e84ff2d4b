import { plural } from "./format.ts";

/** Something that does not go on, or not well, without a person. */
export interface Attention {
  readonly key: string;
  readonly tone: "bad" | "warn";
  readonly title: string;
  readonly detail: string;
  readonly since: string | undefined;
  readonly to: string;
}

interface Migration {
  readonly migration_id: string;
  readonly state: string;
  readonly vm: { readonly name: string };
  readonly from: string;
  readonly to: string;
  readonly updated_at: string;
  readonly wave_id?: string | undefined;
  readonly problem?: { readonly message: string } | undefined;
}
interface Group {
  readonly group_id: string;
  readonly name: string;
  readonly state: string;
  readonly breached: boolean;
  readonly lag_seconds?: number | undefined;
  readonly unprotected_since?: string | undefined;
  readonly policy: { readonly rpo_seconds: number };
}
interface RecoveryRun {
  readonly run_id: string;
  readonly group_id: string;
  readonly state: string;
  readonly mode: string;
  readonly waits_for?: string | undefined;
  readonly created_at: string;
}
interface Site {
  readonly site: string;
  readonly up_to_date: boolean;
  readonly problems: readonly { readonly error: string; readonly failed_at?: string | undefined }[];
}
interface Place {
  readonly site: string;
  readonly overdue: boolean;
  readonly problem?: string | undefined;
  readonly taken_at?: string | undefined;
}
interface Wave {
  readonly wave_id: string;
  readonly name: string;
  readonly state: string;
  readonly updated_at: string;
  readonly totals: { readonly failed: number; readonly skipped: number };
}

export interface Looked {
  readonly migrations?: readonly Migration[] | undefined;
  readonly groups?: readonly Group[] | undefined;
  readonly runs?: readonly RecoveryRun[] | undefined;
  readonly sites?: readonly Site[] | undefined;
  readonly backups?: readonly Place[] | undefined;
  readonly waves?: readonly Wave[] | undefined;
}

/** A failure is spoken of for this long; afterwards it is in the lists only. */
const failureMs = 3 * 86_400_000;

/** What wants a person, the worst first and the oldest of those. */
export function attention(looked: Looked, now: number): Attention[] {
  const found = [
    ...(looked.runs ?? []).flatMap(ofRun),
    ...(looked.groups ?? []).flatMap(ofGroup),
    ...ofSites(looked.sites ?? []),
    ...(looked.migrations ?? []).flatMap((migration) => ofMigration(migration, now)),
    ...(looked.waves ?? []).flatMap((wave) => ofWave(wave, now)),
    ...(looked.backups ?? []).flatMap(ofBackup),
  ];
  const since = (item: Attention) => (item.since === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(item.since));
  return found.sort((a, b) => (a.tone === b.tone ? since(a) - since(b) : a.tone === "bad" ? -1 : 1));
}

function ofRun(run: RecoveryRun): Attention[] {
  if (run.state !== "waiting" && run.state !== "attention") return [];
  return [
    {
      key: `run/${run.run_id}`,
      tone: "bad",
      title: `A ${run.mode} ${run.state === "waiting" ? "waits for a person" : "has a step that failed"}`,
      detail: run.waits_for ?? "Say whether it is tried again or given up.",
      since: run.created_at,
      to: `/recovery/runs/${run.run_id}`,
    },
  ];
}

function ofGroup(group: Group): Attention[] {
  const base = { key: `group/${group.group_id}`, to: `/recovery/${group.group_id}`, since: group.unprotected_since };
  if (group.state === "unprotected") {
    return [
      { ...base, tone: "warn", title: `${group.name} is not protected`, detail: "It serves, and nothing follows it." },
    ];
  }
  if (!group.breached) return [];
  const minutes = (seconds: number) => `${Math.max(1, Math.round(seconds / 60))} min`;
  const detail =
    group.lag_seconds === undefined
      ? "It has no complete recovery point yet."
      : `What would be lost is ${minutes(group.lag_seconds)}; the objective is ${minutes(group.policy.rpo_seconds)}.`;
  return [{ ...base, tone: "bad", title: `${group.name} is beyond its RPO`, detail }];
}

/** Sites that can't be read for one reason are one matter: a broken network should not fill the page. */
function ofSites(sites: readonly Site[]): Attention[] {
  const unread = sites.filter(({ up_to_date: fresh, problems }) => !fresh && problems.length > 0);
  const byReason = Map.groupBy(unread, ({ problems }) => problems[0]?.error ?? "");
  return [...byReason].map(([error, alike]) => {
    const names = alike.map(({ site }) => site);
    const [first = ""] = names;
    return {
      key: `site/${first}`,
      tone: "bad",
      title: names.length === 1 ? `${first} can't be read` : `${plural(names.length, "site")} can't be read`,
      detail: names.length === 1 ? error : `${error} (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""})`,
      since: alike.map(({ problems }) => problems[0]?.failed_at).find((at) => at !== undefined),
      to: "/settings/sites",
    };
  });
}

function ofMigration(migration: Migration, now: number): Attention[] {
  const { migration_id: id, state, vm, from, to, problem } = migration;
  // A wave speaks for its own.
  if (migration.wave_id !== undefined) return [];
  const base = { key: `migration/${id}`, to: `/migrations/${id}`, since: migration.updated_at };
  const way = `${from} → ${to}`;
  if (state === "awaiting-cutover") {
    return [{ ...base, tone: "warn", title: `${vm.name} is ready for its cutover`, detail: way }];
  }
  if (state === "awaiting-finalize") {
    return [{ ...base, tone: "warn", title: `${vm.name} was moved: finalize it, or undo it`, detail: way }];
  }
  if (state === "paused") return [{ ...base, tone: "warn", title: `The move of ${vm.name} is paused`, detail: way }];
  if (state === "failed" && now - Date.parse(migration.updated_at) < failureMs) {
    return [{ ...base, tone: "bad", title: `The move of ${vm.name} failed`, detail: problem?.message ?? way }];
  }
  return [];
}

function ofWave(wave: Wave, now: number): Attention[] {
  const base = { key: `wave/${wave.wave_id}`, to: `/waves/${wave.wave_id}`, since: wave.updated_at };
  if (wave.state === "paused") return [{ ...base, tone: "warn", title: `The wave ${wave.name} is paused`, detail: "" }];
  if (wave.state !== "incomplete" || now - Date.parse(wave.updated_at) >= failureMs) return [];
  const { failed, skipped } = wave.totals;
  const detail = `${plural(failed, "VM")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [{ ...base, tone: "bad", title: `The wave ${wave.name} is incomplete`, detail }];
}

function ofBackup({ site, overdue, problem, taken_at: takenAt }: Place): Attention[] {
  if (!overdue && problem === undefined) return [];
  return [
    {
      key: `backup/${site}`,
      tone: overdue ? "bad" : "warn",
      title: `The control plane's backup at ${site} ${overdue ? "is overdue" : "failed"}`,
      detail: problem ?? "",
      since: takenAt,
      to: "/settings/system",
    },
  ];
}
