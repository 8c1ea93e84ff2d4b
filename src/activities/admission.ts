import { ProviderError } from "../domain/errors.ts";
import type { Plan } from "../domain/plan.ts";
import { type Admit, admission } from "../domain/policy/admission.ts";
import { readPolicies } from "../domain/policy/book.ts";
import type { CompiledPolicy } from "../domain/policy/policy.ts";
import type { Subject } from "../domain/policy/subject.ts";
import type { Store } from "../store/index.ts";

type Kept = Pick<Store, "policies" | "findings">;

/** Ages in scopes are counted from when they were read. */
const readAgainMs = 60_000;
const books = new WeakMap<
  object,
  { readonly edition: string; readonly at: number; readonly policies: CompiledPolicy[] }
>();

/** What plans are judged by just now. */
export async function admissionNow({ policies }: Pick<Store, "policies">): Promise<Admit> {
  const now = Date.now();
  const edition = await policies.edition();
  const known = books.get(policies);
  if (known?.edition === edition && now - known.at < readAgainMs) return admission(known.policies, now);
  const at = new Date(now).toISOString();
  const [kept, exemptions] = await Promise.all([policies.list({ enabled: true }), policies.exemptions({ at })]);
  const read = readPolicies(kept, exemptions, now);
  books.set(policies, { edition, at: now, policies: read });
  return admission(read, now);
}

/** What is known of a VM that is there beside what its site says of it. */
export async function besideOf({ findings }: Kept, site: string, vmId: string): Promise<Omit<Subject, "resource">> {
  return findings.besideVm({ site, vmId }, Date.now());
}

/**
 * Judges again what the plan would leave: policies may have come since, exemptions have ended, and backups have grown old.
 * @throws ProviderError PolicyBlocked with each rule and its remedy.
 */
export async function refuseBlocked(
  store: Kept,
  plan: Plan,
  subjects: readonly Subject[] = plan.judged ?? [],
): Promise<void> {
  if (subjects.length === 0) return;
  const admit = await admissionNow(store);
  const now = await Promise.all(subjects.map((subject) => withBackup(store, subject)));
  const failed = admit(now).filter(({ result }) => result === "fail");
  if (failed.length === 0) return;
  throw new ProviderError("PolicyBlocked", {
    operation: "execute the plan",
    resource: `plan/${plan.planId}`,
    reason: failed.map(({ detail }) => detail).join("; "),
    action: failed.flatMap(({ remedy }) => remedy ?? []).join(" "),
    facts: { policies: failed.map(({ check }) => check) },
  });
}

/** A moved VM's backups are those that it has where it is. */
async function withBackup(store: Kept, subject: Subject): Promise<Subject> {
  const { from, resource, backupAt } = subject;
  if (backupAt === undefined) return subject;
  const beside = await besideOf(store, from ?? resource.site, resource.resourceId);
  return beside.backupAt === undefined ? subject : { ...subject, backupAt: beside.backupAt };
}
