import { isIP } from "node:net";
import { ProviderError } from "../domain/errors.ts";

/** What protects an API that other machines can reach. */
export interface Protection {
  readonly tls: boolean;
  /** Whether people sign in: more than the bootstrap token says who is who. */
  readonly signIn: boolean;
}

/**
 * Other machines are let in only over TLS, and only where more than the bootstrap token says who they are.
 * @throws ProviderError PolicyBlocked for an address that they can reach, without both.
 */
export function requireProtection(host: string, { tls, signIn }: Protection): void {
  if (isLoopback(host) || (tls && signIn)) return;
  const missing = [
    ...(tls ? [] : ["TLS is not configured"]),
    ...(signIn ? [] : ["no authentication beyond the bootstrap token is configured"]),
  ];
  throw new ProviderError("PolicyBlocked", {
    operation: "listen for requests",
    resource: host,
    reason: `it can be reached from other machines, and ${missing.join(", and ")}`,
    action:
      "Set api.tls and oidc in the configuration; or NOVACRON_API_HOST (or api.host) to 127.0.0.1, and reach it through an SSH tunnel.",
  });
}

export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1" || host === "[::1]") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
