import { hkdfSync } from "node:crypto";
import { ProviderError } from "../../domain/errors.ts";

/** What all clouds and devices take: 8 to 64 characters that do not begin with 0
 *  (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnTunnelOptionsSpecification.html). */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
/** 258 bits. */
const length = 43;
const shortestSecret = 32;

/** The pre-shared key of one tunnel in one generation, made from a secret that all workers have (RFC 5869): it is the same
 *  wherever it is asked for, and kept nowhere. @throws ProviderError InvalidInput for a secret that could be guessed. */
export function tunnelKey(secret: string, name: string): string {
  if (secret.length < shortestSecret) {
    throw new ProviderError("InvalidInput", {
      operation: "make the key of a tunnel",
      resource: "network_config.tunnel_key",
      reason: `it has ${secret.length} characters`,
      action: `Use a random secret of at least ${shortestSecret}.`,
    });
  }
  const bytes = new Uint8Array(hkdfSync("sha256", secret, "novacron tunnel key", name, length));
  return `k${[...bytes].map((byte) => alphabet[byte & 63]).join("")}`;
}
