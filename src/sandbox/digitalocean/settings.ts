import * as z from "zod";

/**
 * How the simulated DigitalOcean behaves where there is no fixed figure, or one that nobody wants to wait for in a sandbox. Changed
 * by the admin call, kept over restarts.
 */
export const settingsSchema = z.strictObject({
  /** A new droplet is missing in lists until it is this old. Reads by number see it at once. */
  consistencyMs: z.int().min(0).default(200),
  /** Whether the published request rates are enforced. */
  throttling: z.boolean().default(true),
  /** How long an action is at least under way. */
  actionMs: z.int().min(0).default(150),
  /** How long a volume is still said to be attached after its droplet is gone. */
  detachMs: z.int().min(0).default(100),
  /** How long a guest may take to power off when it is asked to, before the action has failed. */
  shutdownMs: z.int().min(0).default(20_000),
  /** How many resources a page has when nobody says so: 20 at DigitalOcean, and 200 at most. */
  pageSize: z.int().min(1).max(200).default(20),
  /** A guest gets its size's memory, but at most this. */
  guestMemoryMib: z.int().min(64).default(256),
  /** A guest gets its size's vCPUs, but at most these. */
  guestCpus: z.int().min(1).default(1),
  /** Ports of this machine's loopback that lead to a droplet without a firewall, to which all of them are open. */
  openPorts: z.array(z.int().min(1).max(65_535)).default([8080]),
  /** Sizes (or `*`) that are not to be had. */
  noCapacity: z.array(z.string()).default([]),
  /** Operations that the token's scopes leave out, such as `volumes_create`. */
  deniedOperations: z.array(z.string()).default([]),
  dropletLimit: z.int().min(0).default(25),
  volumeLimit: z.int().min(0).default(100),
  reservedIpLimit: z.int().min(0).default(3),
});
export type Settings = z.output<typeof settingsSchema>;
