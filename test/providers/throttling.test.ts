import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import type { Provider, ProviderContext } from "../../src/providers/provider.ts";
import type { TokenBuckets } from "../../src/sandbox/cloud/token-buckets.ts";
import { startAwsLab, whyNoGuests } from "../sandbox/aws/support.ts";
import { startAzureLab } from "../sandbox/azure/support.ts";
import { startGcpLab } from "../sandbox/gcp/support.ts";
import { startOciLab } from "../sandbox/oci/support.ts";
import { useStore } from "../support/store.ts";
import { connectAws } from "./support/aws.ts";
import { addressOf as azureAddress, connectAzure } from "./support/azure.ts";
import { connectGcp } from "./support/gcp.ts";
import { connectOci, addressOf as ociAddress } from "./support/oci.ts";

interface ThrottlingCloud {
  /** What the account may still ask for. */
  readonly buckets: TokenBuckets;
  connect(context: Partial<ProviderContext>): Provider;
  close(): Promise<void>;
}

/** Only the budget that they share keeps workers as hasty as these from asking again at once. */
const hasty = { firstRetryMs: 5, attempts: 8 };
const none = () => undefined;

const clouds: Readonly<Record<string, () => Promise<ThrottlingCloud>>> = {
  async AWS() {
    const lab = await startAwsLab({ throttling: true });
    const { endpoint, cloud } = lab.aws;
    const address = { region: "us-east-1", endpoint, keys: cloud.identity.administratorKeys };
    const connect = (context: Partial<ProviderContext>) => connectAws(address, hasty, none, context);
    return { buckets: cloud.buckets, connect, close: () => lab.close() };
  },
  async Azure() {
    const lab = await startAzureLab({ throttling: true, retryAfterSeconds: 1 });
    const connect = (context: Partial<ProviderContext>) => connectAzure(azureAddress(lab), hasty, none, context);
    return { buckets: lab.azure.cloud.buckets, connect, close: () => lab.close() };
  },
  async "Google Cloud"() {
    const lab = await startGcpLab({ throttling: true });
    const { project, zone, endpoint, serviceAccountKey: key, cloud } = lab.gcp;
    const connect = (context: Partial<ProviderContext>) =>
      connectGcp({ project, zone, endpoint, key }, hasty, none, context);
    return { buckets: cloud.buckets, connect, close: () => lab.close() };
  },
  async "Oracle Cloud"() {
    const lab = await startOciLab({ throttling: true });
    const connect = (context: Partial<ProviderContext>) => connectOci(ociAddress(lab), hasty, none, context);
    return { buckets: lab.oci.cloud.buckets, connect, close: () => lab.close() };
  },
};

const lab = useStore();

for (const [name, open] of Object.entries(clouds)) {
  describe(`two workers at a throttling ${name}`, { skip: whyNoGuests() ?? false }, () => {
    test("are never throttled twice in a row", async () => {
      const cloud = await open();
      const account = randomUUID();
      const signal = AbortSignal.timeout(120_000);
      const workers = [0, 1].map(() => {
        const codes: string[] = [];
        const provider = cloud.connect({
          budget: (family, rate) => lab.store.callBudget(`${account}:${family}`, rate),
          onCall: ({ code }) => codes.push(code),
        });
        return {
          provider,
          codes,
          ask: () => Array.fromAsync(provider.networkAdmin?.listVirtualNetworks(signal) ?? []),
        };
      });
      try {
        for (const { ask } of workers) await ask();
        cloud.buckets.drain();
        const rounds = Array.from({ length: 10 });
        await Promise.all(
          workers.map(async ({ ask }) => {
            for (const _ of rounds) await ask();
          }),
        );
        const seen = workers.map(({ codes }) => codes.join(" "));
        assert.match(seen.join(" "), /RateLimited/, "nobody was throttled");
        for (const codes of seen) assert.doesNotMatch(codes, /RateLimited RateLimited/);
      } finally {
        for (const { provider } of workers) await provider.close();
        await cloud.close();
      }
    });
  });
}
