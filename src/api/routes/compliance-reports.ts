import { frameworks } from "../../domain/policy/frameworks.ts";
import { complianceReport, type Evidence } from "../../domain/policy/report.ts";
import { type Answer, route } from "../route.ts";
import { complianceReportSchema } from "../schemas/policy.ts";
import { type ApiContext, idParams, notFound, requireReach } from "./context.ts";

/** What of a framework is looked at here, how that stands, and what isn't. */
export function complianceReportRoutes({ store }: ApiContext) {
  return [
    route({
      method: "get",
      path: "/v1/compliance-reports/{id}",
      operationId: "getComplianceReport",
      tag: "policies",
      summary: "How a framework's controls stand, and what of them is not checked",
      description: `One of ${frameworks.map(({ frameworkId }) => frameworkId).join(", ")}. No control is said to be met: what is looked at is said, and what isn't.`,
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The report, as of now", schema: complianceReportSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        requireReach(access, {});
        const framework = frameworks.find(({ frameworkId }) => frameworkId === id);
        if (!framework) {
          throw notFound("framework", id, `There are ${frameworks.map(({ frameworkId }) => frameworkId).join(", ")}.`);
        }
        const [policies, shown] = await Promise.all([store.policies.list(), evidence()]);
        return { status: 200, body: complianceReport(framework, policies, shown, new Date().toISOString()) };
      },
    }),
  ];

  async function evidence(): Promise<Evidence> {
    const [head, scans, drill] = await Promise.all([
      store.audit.head(),
      store.findings.listScans({ limit: 1 }),
      store.findings.newestDrill(),
    ]);
    const [scan] = scans.items;
    return {
      ...(head.sequence > 0
        ? {
            "audit-trail": `The audit trail has ${head.sequence} chained entries, the newest ${head.hash.slice(0, 16)}…`,
          }
        : {}),
      ...(scan?.endedAt === undefined ? {} : { scans: `The newest scan ended at ${scan.endedAt} (${scan.state}).` }),
      ...(drill ? { drills: `${drill.drills} drills of recovery have passed, the newest at ${drill.endedAt}.` } : {}),
    };
  }
}
