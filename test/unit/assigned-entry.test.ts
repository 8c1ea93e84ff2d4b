import assert from "node:assert/strict";
import { test } from "node:test";
import { assignedEntry } from "../../src/api/sites/assigned-entry.ts";
import type { SiteConfig } from "../../src/config/config-types.ts";
import type { ProviderEntry } from "../../src/providers/registry.ts";
import { siteContract } from "../../src/site/contract.ts";

/** Every key that a provider is made from; a new one that is missing here does not compile. Records are changed by workers for
 *  everything, and what a site costs is for those to add up. */
const entry: Required<
  Omit<
    ProviderEntry,
    "credentials" | "ownWorkersOnly" | "nameServer" | "vpnGateway" | "costModel" | "costTag" | "billingTable"
  >
> = {
  site: "gcp-europe-west1",
  type: "gcp",
  enabled: true,
  region: "europe-west1",
  sandbox: true,
  uri: "qemu:///system",
  storagePath: "/storage",
  haproxy: "127.0.0.1:9999",
  endpoint: "http://127.0.0.1:1",
  securityGroups: ["sg-1"],
  encryptionKey: "key",
  compartment: "compartment",
  projectId: "project",
  zone: "europe-west1-b",
  helperImage: "image",
  helperNetwork: "network",
  subscriptionId: "subscription",
  resourceGroup: "group",
  storageAccount: "account",
};

test("a worker of a site is told all that a provider is made from, and nothing else", () => {
  const site = { ...entry, name: "gcp", ownWorkersOnly: true, residency: ["eu"], quotas: {} } as unknown as SiteConfig;
  const told = assignedEntry({ ...site, credentials: { values: {} } });
  assert.deepEqual(told, entry);
  const answer = {
    ...{ entry: told, hasCredentials: true, namespace: "n", taskQueue: "q", compression: true },
    ...{ keepsLines: true, takesSpans: false, metricsEveryMs: 1000 },
  };
  assert.deepEqual(siteContract.assignment.output.parse(answer), answer);
});
