import { type OpenApiDocument, openApiDocument } from "./openapi.ts";
import { referenceRoutes } from "./reference.ts";
import type { Route } from "./route.ts";
import { aboutRoutes } from "./routes/about.ts";
import { accessRoutes } from "./routes/access.ts";

import { addressRoutes } from "./routes/addresses.ts";

import { alarmRoutes } from "./routes/alarms.ts";
import { alertRuleRoutes } from "./routes/alert-rules.ts";
import { alertRoutes } from "./routes/alerts.ts";

import { assessmentRoutes } from "./routes/assessments.ts";
import { auditRoutes } from "./routes/audit.ts";
import { authRoutes } from "./routes/auth.ts";
import { budgetRoutes } from "./routes/budgets.ts";
import { burstRoutes } from "./routes/burst.ts";
import { certificateRoutes } from "./routes/certificates.ts";
import { codecRoutes } from "./routes/codec.ts";
import { complianceReportRoutes } from "./routes/compliance-reports.ts";
import { connectionRoutes } from "./routes/connections.ts";
import type { ApiContext } from "./routes/context.ts";
import { controlPlaneRoutes } from "./routes/control-plane.ts";
import { costRoutes } from "./routes/costs.ts";
import { guardRoutes } from "./routes/guard.ts";
import { inventoryRoutes } from "./routes/inventory.ts";
import { logRoutes } from "./routes/logs.ts";
import { mapRoutes } from "./routes/maps.ts";
import { metricSampleRoutes } from "./routes/metric-samples.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { eventRoutes } from "./routes/migration-events.ts";
import { orderRoutes } from "./routes/migration-orders.ts";
import { migrationTestRoutes } from "./routes/migration-tests.ts";
import { migrationRoutes } from "./routes/migrations.ts";
import { operationRoutes } from "./routes/operations.ts";
import { planRoutes } from "./routes/plans.ts";
import { pointHoldRoutes } from "./routes/point-holds.ts";
import { policyRoutes } from "./routes/policies.ts";
import { policyExceptionRoutes } from "./routes/policy-exceptions.ts";
import { policyFindingRoutes } from "./routes/policy-findings.ts";
import { priceRoutes } from "./routes/prices.ts";
import { protectionRoutes } from "./routes/protection.ts";
import { protectionPointRoutes } from "./routes/protection-points.ts";
import { recoveryPlanRoutes } from "./routes/recovery-plans.ts";
import { recoveryRunRoutes } from "./routes/recovery-runs.ts";
import { refreshRoutes } from "./routes/refresh.ts";
import { resourceRoutes } from "./routes/resources.ts";
import { restoredFileRoutes } from "./routes/restored-files.ts";
import { restoreRoutes } from "./routes/restores.ts";
import { savingsRoutes } from "./routes/savings.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { searchRoutes } from "./routes/searches.ts";
import { siteHealthRoutes } from "./routes/site-health.ts";
import { siteWorkerRoutes } from "./routes/site-workers.ts";
import { siteRoutes } from "./routes/sites.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { unifiedViewRoutes } from "./routes/unified-view.ts";
import { vmOperationRoutes } from "./routes/vm-operations.ts";
import { waveRoutes } from "./routes/waves.ts";
import { whatIfRoutes } from "./routes/what-if.ts";

/** The route table: everything that is served, documented and tested comes from here. */
export function apiRoutes(context: ApiContext): readonly Route[] {
  let document: OpenApiDocument | undefined;
  const routes: readonly Route[] = [
    ...siteRoutes(context),
    ...siteWorkerRoutes(context),
    ...siteHealthRoutes(context),
    ...alarmRoutes(context),
    ...inventoryRoutes(context),
    ...resourceRoutes(context),
    ...refreshRoutes(context),
    ...searchRoutes(context),
    ...unifiedViewRoutes(context),
    ...priceRoutes(context),
    ...costRoutes(context),
    ...budgetRoutes(context),
    ...whatIfRoutes(context),
    ...scheduleRoutes(context),
    ...policyRoutes(context),
    ...policyExceptionRoutes(context),
    ...policyFindingRoutes(context),
    ...complianceReportRoutes(context),
    ...planRoutes(context),
    ...mapRoutes(context),
    ...addressRoutes(context),
    ...connectionRoutes(context),
    ...migrationRoutes(context),
    ...eventRoutes(context),
    ...orderRoutes(context),
    ...migrationTestRoutes(context),
    ...recoveryPlanRoutes(context),
    ...recoveryRunRoutes(context),
    ...vmOperationRoutes(context),
    ...operationRoutes(context),
    ...assessmentRoutes(context),
    ...waveRoutes(context),
    ...savingsRoutes(context),
    ...protectionRoutes(context),
    ...protectionPointRoutes(context),
    ...pointHoldRoutes(context),
    // Before those whose paths have an id in that place.
    ...restoredFileRoutes(context),
    ...restoreRoutes(context),
    ...burstRoutes(context),
    ...certificateRoutes(context),
    ...authRoutes(context),
    ...guardRoutes(context),
    ...controlPlaneRoutes(context),
    ...codecRoutes(context),
    ...accessRoutes(context),
    ...tokenRoutes(context),
    ...auditRoutes(context),
    ...logRoutes(context),
    ...metricsRoutes(context),
    ...metricSampleRoutes(context),
    ...alertRuleRoutes(context),
    ...alertRoutes(context),
    ...aboutRoutes(context, () => (document ??= openApiDocument(routes))),
    ...referenceRoutes,
  ];
  return routes;
}
