import type { BlockServiceAddress } from "../../../src/transfer/block-service/client.ts";

/** The address as one word, for between processes; the key is one that a bench has made for itself. */
export function endpointOf({ host, port, name, key }: BlockServiceAddress): string {
  return JSON.stringify({ host, port, name, key: Buffer.from(key).toString("base64url") });
}

export function addressOf(endpoint: string): BlockServiceAddress {
  const { key, ...rest } = JSON.parse(endpoint) as Omit<BlockServiceAddress, "key"> & { readonly key: string };
  return { ...rest, key: Buffer.from(key, "base64url") };
}
