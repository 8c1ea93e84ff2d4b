import * as z from "zod";
import type { CreateVmRequest } from "../../domain/create-request.ts";
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
import { cursorQuery, entityId, name, nextCursor, sha256, siteId, tags, timestamp } from "./common.ts";

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

const disk = z
  .strictObject({ size_bytes: z.int().min(1), type: name.optional() })
  .meta({ id: "NewDisk", description: "An empty disk; `type` is the site's own word (`gp3`)" });
const port = z.int().min(1).max(65_535);

export const createVmSchema = z
  .strictObject({
    name,
    site: siteId.optional().meta({ description: "Where; without it the cheapest that satisfies the rest" }),
    regions: z
      .array(name)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: "Exact, or a beginning and `*`", example: ["eu-*"] }),
    residency: name.optional().meta({ description: "A place that the site's `residency` must name", example: "eu" }),
    cpus: z.int().min(1).max(10_000),
    memory_bytes: z.int().min(1),
    instance_type: resize.instance_type,
    burstable: resize.burstable,
    gpus: z.int().min(0).max(64).optional(),
    spot: z
      .boolean()
      .optional()
      .meta({ description: "Whether capacity that may be taken back will do; then the cheaper of both is taken" }),
    architecture: z.enum(["x86_64", "aarch64"]).optional().meta({ description: "Default x86_64" }),
    firmware: z.enum(["bios", "uefi"]).optional().meta({ description: "Default what the image says, else bios" }),
    image: name.optional().meta({ description: "What it boots from: a name or id at the site" }),
    recovery_point: name.optional().meta({ description: "What it boots from, instead of an image" }),
    boot_disk_bytes: z.int().min(1).optional().meta({ description: "Of an image's disk. Default the image's own" }),
    disks: z
      .array(disk)
      .max(20)
      .optional()
      .meta({ description: "Empty ones. Without an image or recovery point it boots from the first" }),
    network: name.optional().meta({ description: "Name or id. Default the site's default, else its only one" }),
    security_groups: z.array(name).max(20).optional(),
    public_address: z.boolean().optional(),
    encryption_key: name.optional().meta({ description: "The site's name of a customer's key" }),
    publish_ports: z.array(port).max(20).optional(),
    tags: tags.optional(),
    start: z.boolean().optional().meta({ description: "Default true where the site can" }),
  })
  .meta({ id: "CreateVmRequest" }) satisfies z.ZodType<Wire<Omit<CreateVmRequest, "sites">>>;
export const directCreateSchema = z.strictObject({ ...createVmSchema.shape, ...dryRun }).meta({ id: "CreateVm" });

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
