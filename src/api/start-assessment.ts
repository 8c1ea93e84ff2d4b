import type { AssessmentRequest, AssessmentView } from "../domain/assessment.ts";
import { readFlowRecords } from "../domain/flow-records.ts";
import { fromWire, type Wire } from "../domain/wire.ts";
import { findVms } from "./find-vms.ts";
import { ProblemError } from "./problem.ts";
import type { Caller } from "./route.ts";
import { type ApiContext, configuredSite, notFound } from "./routes/context.ts";
import { assessmentWorkflowId } from "./runs.ts";
import { startRegistered } from "./start-registered.ts";

/** Each VM is planned, and its plan kept. */
const mostVms = 5_000;

/** Finds the VMs, registers the assessment, then starts its run. Registered is as good as started, as with a migration.
 *  @throws ProblemError InvalidInput, NotFound. */
export async function startAssessment(
  context: ApiContext,
  { access, actor }: Caller,
  assessmentId: string,
  asked: Wire<AssessmentRequest>,
): Promise<AssessmentView> {
  const request = fromWire<AssessmentRequest>(asked);
  const { from, to, query, flows } = request;
  for (const site of [from, to]) configuredSite(context, access, site);
  if (from === to) throw refused("source and target are the same site", "Name another target.");
  if (flows !== undefined) readFlowRecords(flows);
  const found = await findVms(context, access, { query, from, to });
  const vms = found.filter(({ tags }) => access.covers([from, to].map((site) => ({ site, tags }))));
  if (vms.length === 0) {
    throw new ProblemError("NotFound", {
      detail: `No VM of ${from} is found that you reach`,
      action: "GET /v1/vms lists the VMs that you reach.",
      resource: `site/${from}`,
    });
  }
  if (vms.length > mostVms) {
    throw refused(`${vms.length} VMs are found`, `Narrow the search: at most ${mostVms} are looked at in one.`);
  }
  const { store, runs } = context;
  const workflowId = assessmentWorkflowId(assessmentId);
  await store.assessments.create({ assessmentId, workflowId, request, requester: actor?.responsible ?? "", vms });
  await startRegistered(context, { what: "an assessment", assessmentId }, () =>
    runs.assess({ assessmentId, from, to }),
  );
  const made = await store.assessments.getScoped(assessmentId);
  if (!made) throw notFound("assessment", assessmentId, "Start it again.");
  return made.assessment;
}

/** Starts the runs of assessments that were registered by a process which could not start them any more. */
export async function startLeftOverAssessments(
  { store, runs, log }: Pick<ApiContext, "store" | "runs" | "log">,
  olderThanMs: number,
): Promise<void> {
  for (const input of await store.assessments.notStarted(olderThanMs)) {
    log.info(input, "starting an assessment that was only registered");
    await runs.assess(input);
  }
}

function refused(detail: string, action: string): ProblemError {
  return new ProblemError("InvalidInput", { detail, action });
}
