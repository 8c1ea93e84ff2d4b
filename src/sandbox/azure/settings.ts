import * as z from "zod";

/**
 * How the simulated Azure behaves where Azure itself gives no fixed figure, or one that nobody wants to wait for in a
 * sandbox. Changed by the admin call, kept over restarts.
 */
export const settingsSchema = z.strictObject({
  /** Lists don't show a resource until it is this old. */
  consistencyMs: z.int().min(0).default(200),
  /** Whether the published request rates are enforced. */
  throttling: z.boolean().default(true),
  /** How long a long-running operation takes beyond what it really does. */
  operationMs: z.int().min(0).default(200),
  /** What answers ask a client to wait before it polls again. */
  retryAfterSeconds: z.int().min(0).default(1),
  /** 0 → 100 of a snapshot's completionPercent, where that isn't at once. */
  snapshotCopyMs: z.int().min(0).default(300),
  /** Resources of a page of a list. */
  pageSize: z.int().min(1).default(50),
  /** How often a load balancer probes: from 5 seconds on at Azure, as its probe says. */
  probeMs: z.int().min(10).default(1_000),
  /** How often Azure Monitor's figures of running guests are taken. */
  metricPeriodMs: z.int().min(100).default(60_000),
  /** How long a guest may take to power off, before its plug is pulled. */
  stopGraceMs: z.int().min(0).default(20_000),
  /** A guest gets its size's memory, but at most this. */
  guestMemoryMib: z.int().min(64).default(256),
  /** A guest gets its size's vCPUs, but at most these. */
  guestCpus: z.int().min(1).default(1),
  /** Sizes without capacity: `size`, `zone/size`, or `*`. A start then ends in AllocationFailed or ZonalAllocationFailed. */
  noCapacity: z.array(z.string()).default([]),
  /** Sizes that are not offered to the subscription: SkuNotAvailable, and a restriction in the list of sizes. */
  restricted: z.array(z.string()).default([]),
  /** vCPUs of all sizes together, in the location. */
  coresQuota: z.int().min(0).default(100),
  /** vCPUs of each family of sizes, in the location. */
  familyQuota: z.int().min(0).default(100),
  /** What the caller's roles allow and except, as in a role definition. */
  actions: z.array(z.string()).default(["*"]),
  notActions: z.array(z.string()).default([]),
  dataActions: z.array(z.string()).default(["*"]),
  notDataActions: z.array(z.string()).default([]),
  /** Disk encryption sets whose key is lost or disabled, by name. */
  lostKeys: z.array(z.string()).default([]),
});
export type Settings = z.output<typeof settingsSchema>;
