import * as z from "zod";

/**
 * How the simulated Google Cloud behaves where Google gives no fixed figure, or one that nobody wants to wait for in a
 * sandbox. Changed by the admin call, kept over restarts.
 */
export const settingsSchema = z.strictObject({
  /** A new resource is missing in lists until it is this old. Reads by name see it at once. */
  consistencyMs: z.int().min(0).default(200),
  /** Whether the published request rates are enforced. */
  throttling: z.boolean().default(true),
  /** How long an operation is at least under way. */
  operationMs: z.int().min(0).default(150),
  /** The same of those that make a snapshot. */
  snapshotMs: z.int().min(0).default(300),
  /** The same of those that make an image. */
  imageMs: z.int().min(0).default(300),
  /** How long `wait` holds a call at most: two minutes at Google. */
  waitMs: z.int().min(0).default(120_000),
  /** pending → done of a change of DNS records: seconds as a rule at Google. */
  dnsPendingMs: z.int().min(0).default(500),
  /** How often an endpoint's health is looked at: as its health check says, 1 to 300 seconds, at Google. */
  endpointHealthMs: z.int().min(10).default(1_000),
  /** How often Cloud Monitoring's figures of running guests are taken. */
  metricPeriodMs: z.int().min(100).default(60_000),
  /** How many resources a page has at most: 500 at Google. */
  pageSize: z.int().min(1).max(500).default(500),
  /** Puts a page without resources, but with a token, before the others. */
  emptyFirstPage: z.boolean().default(false),
  /** Google's smallest disk has 10 GB; here smaller ones are allowed. */
  smallestDiskGb: z.int().min(1).default(1),
  /** How many snapshots of one disk are allowed in an hour: 6 at Google. 0: any number. */
  snapshotsPerHour: z.int().min(0).default(0),
  /** How long a guest may take to power off when its instance is stopped, before its plug is pulled: 90 s at Google. */
  stopGraceMs: z.int().min(0).default(20_000),
  /** A guest gets its machine type's memory, but at most this. */
  guestMemoryMib: z.int().min(64).default(256),
  /** A guest gets its machine type's vCPUs, but at most these. */
  guestCpus: z.int().min(1).default(1),
  /** Zones and machine types (or `*`) without capacity, as `zone/type`. */
  noCapacity: z.array(z.string()).default([]),
  /** Permissions that the service account lacks, such as `compute.disks.create`. */
  deniedPermissions: z.array(z.string()).default([]),
  /** Keys of the customer's that are disabled or destroyed, by name. */
  lostKeys: z.array(z.string()).default([]),
  /** Limits by metric, in each region, where they differ from the usual ones. */
  quotas: z.record(z.string(), z.number().min(0)).default({}),
  /** How long signatures by a new key of the service account are refused: a minute and more at Google. */
  newKeyMs: z.int().min(0).default(2_000),
  /** How long an access token lasts: an hour at Google. */
  tokenMs: z.int().min(1).default(3_600_000),
});
export type Settings = z.output<typeof settingsSchema>;
