import * as z from "zod";
import type { CreateVmRequest } from "../../domain/create-request.ts";
import type { OperateVmsRequest, VmAction } from "../../domain/operation.ts";
import { fromWire, type Wire } from "../../domain/wire.ts";
import { foundVms, planCreateNow, planOperationNow, startOperation } from "../operations.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, type Asked, type Route, route } from "../route.ts";
import { siteId } from "../schemas/common.ts";
import {
  bulkSchema,
  deleteVmSchema,
  directCreateSchema,
  operationSchema,
  resizeVmSchema,
  startVmSchema,
  stopVmSchema,
} from "../schemas/operation.ts";
import { planSchema } from "../schemas/plan.ts";
import type { ApiContext } from "./context.ts";
import { started } from "./operations.ts";

const vmParams = z.strictObject({ site: siteId, vm_id: z.string().min(1).max(200) });
const responses = {
  200: { description: "With dry_run: the plan", schema: planSchema },
  202: {
    description: "Started by a plan that was made for it; the run goes on whatever happens to the caller",
    schema: operationSchema,
    headers: { Location: "Where the operation is" },
  },
};

const single: Readonly<Record<VmAction, { summary: string; description?: string; body: z.ZodObject }>> = {
  start: { summary: "Start a VM", body: startVmSchema },
  stop: { summary: "Shut a VM down; turn it off when its guest doesn't", body: stopVmSchema },
  resize: {
    summary: "Give a VM another size",
    description: "While it is off, or with `restart` by stopping and starting it; undone when it doesn't start again.",
    body: resizeVmSchema,
  },
  delete: {
    summary: "Delete a VM and its disks, for good",
    description:
      "The plan lists what goes and what stays: snapshots and addresses do, unless asked for. To plan only, POST /v1/plans wants no second factor.",
    body: deleteVmSchema,
  },
};

export function vmOperationRoutes(context: ApiContext): readonly Route[] {
  return [
    route({
      method: "post",
      path: "/v1/vms",
      operationId: "createVm",
      tag: "operations",
      summary: "Make a VM at a site, or at the cheapest one that satisfies what it needs",
      description:
        "The plan says why there, and why not elsewhere. A price that is not known is unknown, and never the cheapest. What fails half-way leaves nothing.",
      permission: "vms:write",
      actor: "signed-in",
      audit: "vm.create",
      idempotent: true,
      body: directCreateSchema,
      responses,
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const { dry_run: dryRun, ...asked } = body;
        const request = fromWire<CreateVmRequest>(asked);
        const plan = await planCreateNow(context, { access, actor }, stableId("plan"), request);
        if (dryRun) return { status: 200, body: plan, workflowId: `plan/${plan.planId}` };
        return started(await startOperation(context, actor, stableId("operation"), plan));
      },
    }),
    ...(Object.keys(single) as VmAction[]).map((action) => singleRoute(context, action)),
    route({
      method: "post",
      path: "/v1/vms/bulk",
      operationId: "operateVms",
      tag: "operations",
      summary: "Do one thing to many VMs, named or found by a search",
      description:
        "One plan names each of them; those that it can't be done to are left out, with the reason. They are done a few at a time, one's failure stops no other, and the operation is the report. A delete wants each name in `confirm`, and of a person a second factor.",
      permission: "vms:write",
      actor: "signed-in",
      audit: "vm.bulk",
      idempotent: true,
      body: bulkSchema,
      responses,
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const { dry_run: dryRun, confirm, query, vms, ...rest } = body;
        if ((query === undefined) === (vms === undefined)) {
          throw new ProblemError("InvalidInput", {
            detail: "Either `query` or `vms` says which VMs",
            action: "Send one of the two.",
          });
        }
        const named = vms ?? (await foundVms(context, access, query ?? ""));
        const asked = { ...rest, vms: named, ...(query === undefined ? {} : { query }) };
        return planAndStart(context, { access, actor, stableId }, asked, { dryRun, confirm });
      },
    }),
  ];
}

function singleRoute(context: ApiContext, action: VmAction): Route {
  const { body: schema, ...words } = single[action];
  return route({
    method: "post",
    path: `/v1/vms/{site}/{vm_id}/${action}`,
    operationId: `${action}Vm`,
    tag: "operations",
    ...words,
    permission: "vms:write",
    actor: "signed-in",
    audit: `vm.${action}`,
    ...(action === "delete" ? { stepUp: true } : {}),
    idempotent: true,
    params: vmParams,
    body: schema,
    responses,
    async handle({ params, body, access, actor, stableId }): Promise<Answer> {
      const { dry_run: dryRun, confirm, ...rest } = body as { dry_run?: boolean; confirm?: string };
      const asked = { ...rest, action, vms: [{ site: params.site, vm: params.vm_id }] };
      const names = confirm === undefined ? [] : [confirm];
      return planAndStart(context, { access, actor, stableId }, asked, { dryRun, confirm: names });
    },
  });
}

async function planAndStart(
  context: ApiContext,
  { access, actor, stableId }: Pick<Asked<unknown, unknown, unknown>, "access" | "actor" | "stableId">,
  asked: Wire<OperateVmsRequest>,
  { dryRun, confirm }: { dryRun?: boolean | undefined; confirm?: readonly string[] | undefined },
): Promise<Answer> {
  const request = fromWire<OperateVmsRequest>(asked);
  const plan = await planOperationNow(context, { access, actor }, stableId("plan"), request);
  if (dryRun) return { status: 200, body: plan, workflowId: `plan/${plan.planId}` };
  return started(await startOperation(context, actor, stableId("operation"), plan, confirm));
}
