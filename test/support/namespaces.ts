import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RelayPlan } from "../../bench/lib/shaped-relay.ts";

const relay = fileURLToPath(new URL("../../bench/lib/shaped-relay.ts", import.meta.url));

/** A network namespace of its own: as root just that, for others within a user namespace in which they stay themselves. */
function unshared(): readonly string[] {
  return process.getuid?.() === 0
    ? ["unshare", "--net"]
    : ["unshare", "--user", "--map-current-user", "--keep-caps", "--net"];
}

/** Why there can be no network namespaces on this machine; undefined where there can. */
export function whyNoNamespaces(): string | undefined {
  const [program, ...args] = [...unshared(), "sh", "-c", "ip link set lo up"];
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status === 0) return undefined;
  return `network namespaces can't be made here: ${(error?.message ?? stderr).trim()}`;
}

/** What runs a program in a network of its own, which has nothing but a loopback: every way out is one of the relays, over a
 *  unix socket. */
export function inNamespace(relays: readonly RelayPlan[]): readonly string[] {
  const script = `ip link set lo up || exit 1; '${process.execPath}' '${relay}' "$0" & exec "$@"`;
  return [...unshared(), "sh", "-c", script, JSON.stringify(relays)];
}
