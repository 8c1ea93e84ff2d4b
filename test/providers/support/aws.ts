import { createAwsProvider } from "../../../src/providers/aws/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import type { ConformanceHarness } from "../harness.ts";

export interface AwsAddress {
  readonly endpoint?: string;
  readonly region: string;
}

/** The adapter at a server on this machine, which answers at once. */
export function connectAws({ endpoint, region }: AwsAddress): Provider {
  return createAwsProvider({
    entry: {
      region,
      endpoint,
      simulated: true,
      credentials: async () => ({
        type: "access_key",
        values: { access_key: "AKIDEXAMPLE", secret_key: "only-for-tests" },
      }),
    },
    context: { site: "conformance", budget: () => ({ take: async () => {} }), log: () => {} },
    patience: { pollMs: { first: 5, most: 250 }, consistencyMs: 2_000, requestTimeoutMs: 20_000 },
  });
}

export const harness: ConformanceHarness = {
  kind: "aws",
  module: import.meta.url,
  unavailable: () => "the sandbox simulates no AWS yet; the slow suites run this against moto",
  open: () => Promise.reject(new Error("there is nothing to open")),
  connect: (descriptor) => connectAws(descriptor as AwsAddress),
};
