import { isIP } from "node:net";
import { ProviderError } from "../domain/errors.ts";

/**
 * Other machines are let in only where more than the bootstrap token says who they are; until such a way of signing in
 * can be configured, the API stays on this machine.
 * @throws ProviderError PolicyBlocked for any other address.
 */
export function requireLoopback(host: string): void {
  if (isLoopback(host)) return;
  throw new ProviderError("PolicyBlocked", {
    operation: "listen for requests",
    resource: host,
    reason: "it can be reached from other machines, and no authentication beyond the bootstrap token is configured",
    action: "Set NOVACRON_API_HOST (or api.host) to 127.0.0.1; reach it from elsewhere through an SSH tunnel.",
  });
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
