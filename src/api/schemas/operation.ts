import * as z from "zod";
import {
  itemStates,
  type OperateVmsRequest,
  type OperationItemView,
  type OperationView,
  operationKinds,
  operationStates,
  vmActions,
} from "../../domain/operation.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, entityId, name, nextCursor, sha256, siteId, timestamp } from "./common.ts";

const milliseconds = z.int().min(0).max(86_400_000);
/** So many in one plan: a person has to be able to read it. */
const mostVms = 500;

const stop = {
  stop_grace_ms: milliseconds
    .optional()
    .meta({ description: "How long a guest may take to shut down before it is turned off" }),
};
const resize = {
  cpus: z.int().min(1).max(10_000).optional().meta({ description: "Default what the VM has" }),
  memory_bytes: z.int().min(1).optional().meta({ description: "Default what the VM has" }),
  instance_type: name.optional().meta({ description: "A size of the site, instead of the cheapest that fits" }),
  burstable: z.boolean().optional().meta({ description: "Whether sizes whose CPU is on credit count too" }),
  restart: z.boolean().optional().meta({ description: "Stops a running VM for it and starts it again" }),
};
const remove = {
  keep_disks: z.boolean().optional().meta({ description: "Deletes the VM alone" }),
  delete_snapshots: z.boolean().optional().meta({ description: "Also the snapshots of its disks" }),
  release_addresses: z.boolean().optional().meta({ description: "Also the addresses that it holds" }),
};
const dryRun = {
  dry_run: z.boolean().optional().meta({ description: "Plan only; nothing is started, and the answer is the plan" }),
};
const parallel = {
  parallel: z.int().min(1).max(50).optional().meta({ description: "VMs at the same time. Default 4" }),
};

export const vmReferenceSchema = z
  .strictObject({ site: siteId, vm: name.meta({ description: "Id, or a name that only one VM has there" }) })
  .meta({ id: "VmReference" });

const everyOption = { ...stop, ...resize, ...remove, ...parallel };

export const operateVmsSchema = z
  .strictObject({ action: z.enum(vmActions), vms: z.array(vmReferenceSchema).min(1).max(mostVms), ...everyOption })
  .meta({ id: "OperateVmsRequest" }) satisfies z.ZodType<Wire<OperateVmsRequest>>;

export const bulkSchema = z
  .strictObject({
    action: z.enum(vmActions),
    vms: z.array(vmReferenceSchema).min(1).max(mostVms).optional(),
    query: z
      .string()
      .min(1)
      .max(4_000)
      .optional()
      .meta({ description: "A search for VMs, instead of naming them", example: "tag.env=test state:running" }),
    confirm: z.array(name).max(mostVms).optional().meta({ description: "For a delete: the name of each VM that goes" }),
    ...everyOption,
    ...dryRun,
  })
  .meta({ id: "BulkRequest" });

const confirm = {
  confirm: name.optional().meta({ description: "The VM's name. Needed unless it is a dry run" }),
};
export const startVmSchema = z.strictObject(dryRun).meta({ id: "StartVm" });
export const stopVmSchema = z.strictObject({ ...stop, ...dryRun }).meta({ id: "StopVm" });
export const resizeVmSchema = z.strictObject({ ...resize, ...stop, ...dryRun }).meta({ id: "ResizeVm" });
export const deleteVmSchema = z.strictObject({ ...remove, ...confirm, ...dryRun }).meta({ id: "DeleteVm" });

export const executePlanSchema = z
  .strictObject({
    plan_id: entityId,
    plan_hash: sha256,
    confirm: z.array(name).max(mostVms).optional().meta({ description: "For a delete: the name of each VM that goes" }),
  })
  .meta({ id: "ExecutePlan", description: "A plan as it was approved: its id and its hash" });

const problem = z.strictObject({
  code: z.string(),
  message: z.string(),
  left_behind: z.array(z.strictObject({ resource: z.string(), remove: z.string() })).optional(),
});

const operationFields = {
  operation_id: entityId,
  plan_id: entityId,
  workflow_id: z.string(),
  kind: z.string().meta({ description: operationKinds.join(", ") }),
  state: z
    .enum(operationStates)
    .meta({ description: "`partly-done`: some VMs failed; their rows say why. The others were not stopped by that" }),
  total: z.int().min(0).meta({ description: "VMs that the plan does something to" }),
  done: z.int().min(0),
  failed: z.int().min(0),
  created_by: z.string(),
  created_at: timestamp,
  ended_at: timestamp.optional(),
};

const itemSchema = z
  .strictObject({
    item: z.int().min(0),
    site: siteId,
    name: z.string(),
    vm_id: z.string().optional(),
    state: z.enum(itemStates),
    step: z.string().optional().meta({ description: "What it is at, or was when it failed" }),
    problem: problem.optional(),
    started_at: timestamp.optional(),
    ended_at: timestamp.optional(),
  })
  .meta({ id: "OperationItem" }) satisfies z.ZodType<Wire<OperationItemView>>;

export const operationRowSchema = z.strictObject(operationFields).meta({ id: "OperationRow" }) satisfies z.ZodType<
  Wire<OperationView>
>;
export const operationSchema = z
  .strictObject({ ...operationFields, items: z.array(itemSchema).meta({ description: "One row a VM: the report" }) })
  .meta({ id: "Operation" });

export const operationListQuery = z.strictObject({ state: z.enum(operationStates).optional(), ...cursorQuery });
export const operationListSchema = z
  .strictObject({ items: z.array(operationRowSchema), next_cursor: nextCursor })
  .meta({ id: "OperationList" });
