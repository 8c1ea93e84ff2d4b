import { Resolver } from "node:dns/promises";

/** A resolver that asks one server on this machine, and keeps nothing. */
export function resolverAt(port: number): Resolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 10 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver;
}
