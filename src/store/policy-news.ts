import { type Kysely, sql, type Transaction } from "kysely";
import type { NotifiedAlert } from "../domain/notification.ts";
import { alertSeverityOf, type FindingNews, findingNotification, ruleIdOf } from "../domain/policy/notice.ts";
import type { Policy } from "../domain/policy/policy.ts";
import { keepNotification } from "./alert-repository.ts";
import type { Database } from "./schema.ts";

/** More than anybody reads in one message; the counts are of all. */
const namedAtMost = 100;

interface Change {
  readonly site: string;
  readonly kind: string;
  readonly name: string;
  readonly since: string;
}

/**
 * Makes a notification of what a policy's findings have come to since people were told last, for these actions, in one
 * transaction with the note that it was told. What a silence covers stays untold: it is told when the silence ends and it is
 * still open. Nothing new, or fewer findings of some, is no news. True where there was something to tell.
 */
export async function tellFindings(
  db: Kysely<Database>,
  policy: Pick<Policy, "policyId" | "name" | "severity" | "description">,
  { at, actions, notificationId }: { at: string; actions: readonly string[]; notificationId: string },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const opened = await mark(tx, policy, at, "open");
    const { rows } = await sql<{ open: number; known: number }>`
      select count(*) filter (where state = 'open') as open, count(*) filter (where state = 'open' and told = 'open') as known
      from policy_findings where policy_id = ${policy.policyId} and state <> 'resolved'`.execute(tx);
    const { open = 0, known = 0 } = rows[0] ?? {};
    if (opened.length === 0 && known > 0) return false;
    const ended = await mark(tx, policy, at, "resolved");
    if (opened.length === 0 && ended.length === 0) return false;
    const news: FindingNews = {
      ...{ notificationId, at, openedCount: opened.length, openCount: opened.length === 0 ? known : open },
      opened: opened.slice(0, namedAtMost).map(named),
      ended: ended.slice(0, namedAtMost).map(named),
    };
    await keepNotification(tx, { ruleId: ruleIdOf(policy), body: findingNotification(policy, news), actions });
    return true;
  });
}

/** Notes those as told that are not, and that no silence covers. */
async function mark(
  tx: Transaction<Database>,
  policy: Pick<Policy, "policyId" | "severity">,
  at: string,
  to: "open" | "resolved",
): Promise<readonly Change[]> {
  const due = to === "open" ? sql`f.state = 'open' and f.told is null` : sql`f.state = 'resolved' and f.told = 'open'`;
  const since = to === "open" ? sql`f.first_seen_at` : sql`f.resolved_at`;
  const { rows } = await sql<Change>`
    update policy_findings f set told = ${to} where f.policy_id = ${policy.policyId} and ${due} and not exists (
      select from alert_silences s where s.from_at <= ${at} and ${at} < s.until_at
        and coalesce(s.rule_id, ${ruleIdOf(policy)}) = ${ruleIdOf(policy)}
        and coalesce(s.site, f.site) = f.site and coalesce(s.resource_id, f.resource_id) = f.resource_id
        and coalesce(s.severity, ${alertSeverityOf(policy)}) = ${alertSeverityOf(policy)})
    returning f.site, f.kind, f.name, ${since} as since`.execute(tx);
  return rows;
}

function named({ site, kind, name, since }: Change): NotifiedAlert {
  return { site, resourceId: `${kind} ${name}`, since };
}
