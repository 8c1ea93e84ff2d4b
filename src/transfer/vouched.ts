import { ProviderError } from "../domain/errors.ts";
import { hashBytes } from "./manifest.ts";
import { leafBytes } from "./ports.ts";

/**
 * Holds the hashes of leaves against those that their source vouches for (`BlockSource.read`); zeros vouch for nothing.
 * @throws ProviderError IntegrityFailure, with the first leaf that differs.
 */
export function refuseDamaged(hashes: Uint8Array, vouched: Uint8Array, firstLeaf: number, resource: string): void {
  if (Buffer.compare(hashes, vouched) === 0) return;
  for (let at = 0; at < vouched.byteLength; at += hashBytes) {
    const said = vouched.subarray(at, at + hashBytes);
    if (said.every((byte) => byte === 0) || Buffer.compare(said, hashes.subarray(at, at + hashBytes)) === 0) continue;
    throw new ProviderError("IntegrityFailure", {
      operation: "read the source",
      resource,
      reason: `the bytes from ${(firstLeaf + at / hashBytes) * leafBytes} on are not what the source's own checksum says`,
      action: "Read it again; if it stays so, the source's storage or the way to it is damaged.",
    });
  }
}
