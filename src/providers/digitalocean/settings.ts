import type { ProviderCredentials } from "../registry.ts";

/** A site of DigitalOcean: one region of one team. */
export interface DigitalOceanEntry {
  /** `nyc3`. */
  readonly region: string;
  /** Where the API is called instead of at DigitalOcean. */
  readonly endpoint?: string;
  readonly simulated: boolean;
  /** Firewalls of new VMs that name none, by name or id. */
  readonly securityGroups?: readonly string[];
  /** An image that has Node and this program, for helper droplets, by its name, number or slug; and the VPC that they are in. */
  readonly helperImage?: string;
  readonly helperNetwork?: string;
  readonly credentials?: () => Promise<ProviderCredentials>;
}

/** How patient the adapter is. The defaults are for DigitalOcean; a server on the same machine answers sooner. */
export interface DigitalOceanPatience {
  /** Of what goes on after its call was answered; each question counts against the 250 requests of a minute. */
  readonly pollMs: { readonly first: number; readonly most: number };
  readonly requestTimeoutMs: number;
  readonly attempts: number;
  readonly firstRetryMs: number;
  /** How long a token is used before it is asked for again. */
  readonly credentialsKeptMs: number;
  /** From the order for a helper droplet to its block service's answer. */
  readonly helperStartMs: number;
}

export const patience: DigitalOceanPatience = {
  pollMs: { first: 500, most: 10_000 },
  requestTimeoutMs: 30_000,
  attempts: 4,
  firstRetryMs: 500,
  credentialsKeptMs: 10 * 60_000,
  helperStartMs: 5 * 60_000,
};
