import * as z from "zod";
import type { PointDecision } from "../../store/index.ts";
import { type Answer, type Route, route } from "../route.ts";
import { entityId } from "../schemas/common.ts";
import { pointDecisionBody, wholePointSchema } from "../schemas/protection.ts";
import { foundGroup } from "../start-protection.ts";
import { type ApiContext, notFound } from "./context.ts";

const pointParams = z.strictObject({ id: entityId, point: entityId });

const decisions = {
  hold: {
    operationId: "holdGroupPoint",
    summary: "Keep a recovery point whatever the retention says",
    description: "Until it is released. Refused when it is held for another reason already.",
    stepUp: false,
    duringFreeze: true,
  },
  release: {
    operationId: "releaseGroupPoint",
    summary: "Let the retention have a recovery point that was held",
    description: "Refused while a failover has the group. Harmless when it is not held.",
    stepUp: true,
    duringFreeze: false,
  },
  clear: {
    operationId: "clearGroupPoint",
    summary: "Say that a suspect recovery point was looked at and is as good as any other",
    description:
      "What was kept because of the suspicion ages out as usual from here on, and the point is offered again where nobody names one.",
    stepUp: true,
    duringFreeze: false,
  },
} as const;
type Decision = keyof typeof decisions;

/** What a person decides of one point, with a reason. */
export function pointHoldRoutes(context: ApiContext): readonly Route[] {
  return (Object.keys(decisions) as Decision[]).map((decision) => decisionRoute(context, decision));
}

function decisionRoute(context: ApiContext, decision: Decision): Route {
  const { store } = context;
  const act: Record<Decision, (of: PointDecision) => Promise<void>> = {
    hold: (of) => store.pointHolds.hold(of),
    release: (of) => store.pointHolds.release(of),
    clear: (of) => store.pointHolds.clear(of),
  };
  return route({
    ...decisions[decision],
    method: "post",
    path: `/v1/protection-groups/{id}/points/{point}/${decision}`,
    tag: "recovery",
    permission: "protection:write",
    actor: "signed-in",
    audit: `protection.point.${decision}`,
    idempotent: true,
    params: pointParams,
    body: pointDecisionBody,
    responses: { 200: { description: "The point as it stands now", schema: wholePointSchema } },
    async handle({ params: { id, point }, body: { reason }, access, actor }): Promise<Answer> {
      await foundGroup(context, access, id);
      const found = await store.groupPoints.get(point);
      if (found?.groupId !== id) throw unknown(id, point);
      await act[decision]({ groupId: id, pointId: point, reason, by: actor?.id ?? "" });
      const now = await store.groupPoints.get(point);
      if (!now) throw unknown(id, point);
      const of = ({ heldBecause, suspicion }: typeof now) => ({ pointId: point, heldBecause, suspicion });
      return { status: 200, body: now, before: of(found), after: { ...of(now), reason } };
    },
  });
}

function unknown(groupId: string, pointId: string) {
  return notFound("group-point", pointId, `GET /v1/protection-groups/${groupId}/points lists them.`);
}
