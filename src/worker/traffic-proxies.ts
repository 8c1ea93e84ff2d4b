import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { ProviderError } from "../domain/errors.ts";
import type { TrafficProxy } from "../domain/traffic-proxy.ts";
import type { createSecrets } from "../integrations/secrets/create.ts";
import { type ProxyReach, proxyClient } from "../traffic/client.ts";

/** Those that are configured, by their names; `local` is the stack's own, reached by a socket of this machine. */
export function trafficProxies(
  { listeners, proxies }: Config["traffic"],
  secrets: Pick<ReturnType<typeof createSecrets>, "reveal">,
  { runDir, instanceDir }: { readonly runDir: string; readonly instanceDir?: string },
): (name: string) => TrafficProxy {
  const reaches: ProxyReach[] = proxies.map(({ name, control, token, caFile }) => {
    return { proxy: name, control, token: () => secrets.reveal(token), caFile };
  });
  if (listeners.length > 0 && instanceDir !== undefined) {
    const tokenFile = join(instanceDir, "proxy/token");
    const token = async () => (await readFile(tokenFile, "utf8")).trim();
    reaches.push({ proxy: "local", control: join(runDir, "proxy.sock"), token });
  }
  return (name) => {
    const reach = reaches.find(({ proxy }) => proxy === name);
    if (reach) return proxyClient(reach);
    const known = reaches.map(({ proxy }) => proxy).join(", ");
    throw new ProviderError("InvalidInput", {
      operation: "find the proxy",
      resource: `proxy/${name}`,
      reason: "no proxy of that name is configured",
      action: known === "" ? "Configure traffic.listeners or traffic.proxies." : `There are: ${known}.`,
    });
  };
}
