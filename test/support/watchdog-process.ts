/** A watchdog as a process of its own, with its leases straight at the recovery site; run by tests of watchdogs. */
import { GroupLeases } from "../../src/activities/group-leases.ts";
import { established, type LeaseTerms, renewed } from "../../src/domain/lease.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { createRegistry } from "../../src/providers/registry.ts";
import { keepWatchdog } from "../../src/worker/watchdog/index.ts";

export interface WatchdogProcess {
  readonly dir: string;
  readonly primaryPath: string;
  /** A folder, or a simulated AWS. */
  readonly recovery: { readonly path: string } | { readonly endpoint: string; readonly keys: AccessKey };
  readonly groupId: string;
  readonly vmIds: readonly string[];
  readonly terms: LeaseTerms;
}

interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

const { dir, primaryPath, recovery, groupId, vmIds, terms } = JSON.parse(process.argv[2] ?? "{}") as WatchdogProcess;
const folder = (site: string, storagePath: string) => ({ site, type: "folder", enabled: true, storagePath });
const cloud = (endpoint: string, { id, secret }: AccessKey) => ({
  ...{ site: "recovery", type: "aws", enabled: true, sandbox: true, region: "us-east-1", endpoint },
  credentials: async () => ({ type: "access_key", values: { access_key: id, secret_key: secret } }),
});
const primary = folder("primary", primaryPath);
const other = "path" in recovery ? folder("recovery", recovery.path) : cloud(recovery.endpoint, recovery.keys);
const registry = createRegistry([primary, other], {
  tools: loadHostTools(toolsManifestPath()),
  runDir: dir,
  context: (site) => ({ site, log: () => undefined, budget: () => ({ take: async () => undefined }) }),
});
const leases = new GroupLeases({ registry });
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
await keepWatchdog(
  {
    dir,
    log: (level, message, facts) => console.log(JSON.stringify({ level, message, ...facts })),
    compute: async () => (await registry.provider("primary")).compute,
    order: async () => ({ dir, entry: primary, toolsManifest: toolsManifestPath(), runDir: dir }),
    leases: {
      orders: async () => [{ do: "renew", groupId, epoch: 0, vmIds, ...terms }],
      async renew({ epoch, watched, askId }, signal) {
        const at = new Date().toISOString();
        const wanted = { groupId, holder: "primary", epoch, at, ...terms };
        const claim = { groupId, site: "primary", epoch, watched, at };
        const place = { at: "recovery", groupId, key: askId };
        return leases.change(place, (before) => renewed(established(before, wanted), claim), signal);
      },
    },
  },
  stopping.signal,
);
