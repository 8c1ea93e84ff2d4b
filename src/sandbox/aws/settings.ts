import * as z from "zod";

/**
 * How the simulated AWS behaves where AWS itself gives no fixed figure, or one that nobody wants to wait for in a
 * sandbox. Changed by the admin call, kept over restarts.
 */
export const settingsSchema = z.strictObject({
  /** A resource is not found by other calls until it is this old: eventual consistency. */
  consistencyMs: z.int().min(0).default(200),
  /** Whether the published request rates are enforced. */
  throttling: z.boolean().default(true),
  /** creating → available of a volume. */
  volumeCreatingMs: z.int().min(0).default(150),
  /** pending → completed of a snapshot. */
  snapshotPendingMs: z.int().min(0).default(300),
  /** pending → available of an image, after its snapshots. */
  imagePendingMs: z.int().min(0).default(100),
  /** pending → available of a VPN connection, provisioning → active of a load balancer: minutes at AWS. */
  networkPendingMs: z.int().min(0).default(1_000),
  /** PENDING → INSYNC of a change of DNS records: 60 seconds as a rule at AWS. */
  dnsPendingMs: z.int().min(0).default(500),
  /** How often a target's health is looked at: at AWS as its group says, from 5 to 300 seconds. */
  targetHealthMs: z.int().min(10).default(1_000),
  /** How long a terminated instance is still described: an hour at AWS. */
  terminatedVisibleMs: z.int().min(0).default(120_000),
  /** EBS direct: 7 days. */
  blockTokenMs: z
    .int()
    .min(1)
    .default(7 * 24 * 3_600_000),
  /** EBS direct: 60 minutes. */
  pageTokenMs: z.int().min(1).default(3_600_000),
  /** EBS direct: puts a page without blocks, but with a NextToken, before the others. */
  emptyFirstPage: z.boolean().default(false),
  /** How long a guest may take to power off when its instance is stopped, before its plug is pulled. */
  stopGraceMs: z.int().min(0).default(20_000),
  /** A guest gets its instance type's memory, but at most this. */
  guestMemoryMib: z.int().min(64).default(256),
  /** A guest gets its instance type's vCPUs, but at most these. */
  guestCpus: z.int().min(1).default(1),
  /** Whether the account has a trail: EventBridge is then told of calls that change something, too. */
  trail: z.boolean().default(false),
  /** How often CloudWatch's figures of running guests are taken: a minute with detailed monitoring. */
  metricPeriodMs: z.int().min(100).default(60_000),
  /** Availability zones and instance types (or `*`) without capacity, as `zone/type`. */
  noCapacity: z.array(z.string()).default([]),
});
export type Settings = z.output<typeof settingsSchema>;
