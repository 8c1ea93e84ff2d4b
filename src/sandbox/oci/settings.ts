import * as z from "zod";

/**
 * How the simulated Oracle Cloud behaves where the vendor gives no fixed figure, or one that nobody wants to wait for in
 * a sandbox. Changed by the admin call, kept over restarts.
 */
export const settingsSchema = z.strictObject({
  /** Whether calls are held to a rate. The vendor publishes none: the figures are this sandbox's own. */
  throttling: z.boolean().default(true),
  /** Reads and changes that a rested tenancy may make at once, and how many more each second, by operation. */
  readRate: z
    .strictObject({ capacity: z.int().min(1), perSecond: z.number() })
    .default({ capacity: 100, perSecond: 20 }),
  changeRate: z
    .strictObject({ capacity: z.int().min(1), perSecond: z.number() })
    .default({ capacity: 50, perSecond: 5 }),
  /** PROVISIONING → AVAILABLE of volumes and networks; ATTACHING → ATTACHED. */
  provisioningMs: z.int().min(0).default(150),
  /** CREATING → AVAILABLE of a backup. */
  backupMs: z.int().min(0).default(300),
  /** Least time of PROVISIONING or IMPORTING of an image, and of EXPORTING. */
  imageMs: z.int().min(0).default(200),
  /** How often a load balancer looks at its backends: every 10 seconds at Oracle unless a set says otherwise. */
  backendHealthMs: z.int().min(10).default(1_000),
  /** TERMINATING → TERMINATED. */
  terminatingMs: z.int().min(0).default(100),
  /** How long what was deleted is still there to be read, as TERMINATED. */
  terminatedVisibleMs: z.int().min(0).default(120_000),
  /** Block and boot volumes: https://docs.oracle.com/en-us/iaas/Content/Block/Concepts/overview.htm */
  volumeLeastGib: z.int().min(1).default(50),
  /** How long a guest may take to power off after SOFTSTOP: 15 minutes at Oracle. */
  stopGraceMs: z.int().min(0).default(20_000),
  /** A guest gets its shape's memory, but at most this. */
  guestMemoryMib: z.int().min(64).default(256),
  /** A guest gets its shape's processors, but at most these. */
  guestCpus: z.int().min(1).default(1),
  /** How often Monitoring's figures of running guests are taken. */
  metricPeriodMs: z.int().min(100).default(60_000),
  /** Availability domains and shapes (or `*`) without capacity, as `domain/shape`. */
  noCapacity: z.array(z.string()).default([]),
  /** Limits that differ from the defaults, by name. */
  limits: z.record(z.string(), z.int().min(0)).default({}),
  /** Operations that the user's policies don't allow, as `core:LaunchInstance` or `core:*`. */
  denied: z.array(z.string()).default([]),
  /** Keys of the customer's that are disabled or deleted, by OCID. */
  lostKeys: z.array(z.string()).default([]),
  /** Items a page of a list holds where the caller doesn't say. */
  pageItems: z.int().min(1).max(1000).default(100),
});
export type Settings = z.output<typeof settingsSchema>;
