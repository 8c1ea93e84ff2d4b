import type { TemporalAddress, TemporalTls } from "./connection.ts";
import { EncryptingCodec } from "./payload-codec.ts";

/** How Temporal is reached, as configured; `reveal` fetches a secret when it is needed. */
export function temporalAddress<Source>(
  configured: {
    readonly address: string;
    readonly namespace: string;
    readonly tls?: TemporalTls;
    readonly apiKey?: Source | undefined;
    readonly payloadKeys?: Source | undefined;
  },
  reveal: (source: Source) => Promise<string>,
): TemporalAddress {
  const { address, namespace, tls, apiKey, payloadKeys } = configured;
  return {
    address,
    namespace,
    tls,
    apiKey: apiKey && (() => reveal(apiKey)),
    codec: payloadKeys && new EncryptingCodec(() => reveal(payloadKeys)),
  };
}
