import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import { backupStartedSchema, controlPlaneSchema } from "../schemas/control-plane.ts";
import { type ApiContext, requireReach } from "./context.ts";

/** One may fail, and the next one be under way. */
const lateAfterIntervals = 3;

export function controlPlaneRoutes(context: ApiContext): readonly Route[] {
  const { store, runs } = context;
  const { backupTo = [], intervalMs = 0 } = context.controlPlane ?? {};
  return [
    route({
      method: "get",
      path: "/v1/control-plane",
      operationId: "getControlPlane",
      tag: "control-plane",
      summary: "Which control plane this is, whether it may act, and where its backups are",
      permission: "metrics:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "As it stands", schema: controlPlaneSchema } },
      async handle({ access }): Promise<Answer> {
        requireReach(access, {});
        const [own, known, interrupted] = await Promise.all([
          store.controlPlane.get(),
          store.controlPlane.places(),
          store.controlPlane.interruptedRuns(),
        ]);
        const { installationId, epoch, seenAt, supersededBy } = own;
        const places = backupTo.map((site) => {
          const place = known.find((each) => each.site === site);
          const age = place?.takenAt === undefined ? Number.POSITIVE_INFINITY : Date.now() - Date.parse(place.takenAt);
          return { site, ...place, overdue: age > lateAfterIntervals * intervalMs };
        });
        const by = supersededBy && {
          ...{ epoch: supersededBy.epoch, host: supersededBy.host, takenAt: supersededBy.takenAt },
          reason: supersededBy.reason,
        };
        return {
          status: 200,
          body: {
            ...{ installationId, epoch, seenAt, supersededBy: by, places, interrupted },
            backupIntervalSeconds: intervalMs / 1000,
          },
        };
      },
    }),
    route({
      method: "post",
      path: "/v1/control-plane/backups",
      operationId: "backUpControlPlane",
      tag: "control-plane",
      summary: "Back the control plane up now, beside its schedule",
      description: "To each of `control_plane.backup_to`. `GET /v1/control-plane` tells when it is there, and proven.",
      permission: "system:backup",
      actor: "signed-in",
      audit: "control-plane.back-up",
      duringFreeze: true,
      idempotent: true,
      responses: { 202: { description: "Under way", schema: backupStartedSchema } },
      async handle({ access }): Promise<Answer> {
        requireReach(access, {});
        if (backupTo.length === 0) {
          throw new ProblemError("Conflict", {
            detail: "The control plane is backed up to no site",
            action: "Name sites in control_plane.backup_to, and make a key with novacron control-plane key.",
          });
        }
        const askedAt = new Date().toISOString();
        const workflowId = await runs.backUpControlPlane(backupTo);
        return { status: 202, body: { workflowId, askedAt }, workflowId };
      },
    }),
  ];
}
