import * as z from "zod";
import { capacityTypes } from "../../domain/instance-type.ts";
import type { Wire } from "../../domain/wire.ts";
import type { InventoryVm, SiteFreshness } from "../../store/index.ts";
import { bytes, cursorQuery, name, nextCursor, siteId, tags, timestamp } from "./common.ts";

export const powerState = z.enum(["running", "stopped", "paused", "starting", "stopping", "crashed", "unknown"]);

const vmFields = {
  vm_id: z.string().meta({ description: "The site's own id; unique within the site" }),
  site: siteId,
  name: z.string(),
  state: powerState,
  cpus: z.int(),
  memory_bytes: bytes,
  instance_type: z.string().optional().meta({ description: "The site's name for its size", example: "m6i.large" }),
  capacity_type: z.enum(capacityTypes).optional(),
  zone: z.string().optional(),
  firmware: z.enum(["bios", "uefi"]),
  architecture: z.enum(["x86_64", "aarch64"]),
  disks: z.array(
    z.strictObject({
      disk_id: z.string(),
      volume_id: z.string(),
      size_bytes: bytes,
      bus: z.enum(["virtio-blk", "virtio-scsi", "nvme", "ide", "sata", "xen", "hyperv"]),
      boot: z.boolean(),
      allocated_bytes: bytes.optional(),
      type: z.string().optional(),
    }),
  ),
  nics: z.array(
    z.strictObject({
      nic_id: z.string(),
      network_id: z.string(),
      mac: z.string().optional(),
      address: z.string().optional().meta({ description: "In its network, where the site gives it one" }),
    }),
  ),
  publish_ports: z.array(z.int()).meta({ description: "Guest ports that are reachable from its site" }),
  endpoints: z.array(z.strictObject({ guest_port: z.int(), host: z.string(), port: z.int() })),
  tags,
  created_at: timestamp.optional(),
  observed_at: timestamp.meta({ description: "When its site was read last" }),
};

export const vmSchema = z.strictObject(vmFields).meta({ id: "Vm" }) satisfies z.ZodType<Wire<InventoryVm>>;

export const freshnessSchema = z
  .strictObject({
    site: siteId,
    observed_at: timestamp.optional().meta({ description: "When the whole site was read last; absent if never" }),
    age_seconds: z.number().min(0).optional(),
    vm_count: z.int().min(0),
    error: z.string().optional().meta({ description: "Why the newest attempt failed; the rows are older then" }),
    failed_at: timestamp.optional(),
  })
  .meta({ id: "Freshness", description: "How old a site's rows are" }) satisfies z.ZodType<Wire<SiteFreshness>>;

export const vmListQuery = z.strictObject({
  site: siteId.optional(),
  state: powerState.optional(),
  name: name.optional().meta({ description: "The exact name, or its beginning and `*`" }),
  refresh: z.enum(["true", "false"]).optional().meta({ description: "Reads the sites before answering" }),
  ...cursorQuery,
});

export const vmListSchema = z
  .strictObject({ items: z.array(vmSchema), next_cursor: nextCursor, sites: z.array(freshnessSchema) })
  .meta({ id: "VmList" });

export const vmAnswerSchema = z.strictObject({ ...vmFields, freshness: freshnessSchema }).meta({ id: "VmAnswer" });
