import { join } from "node:path";
import { makeSocketDir, toolsManifestPath } from "../host/paths.ts";
import type { Registry } from "../providers/registry.ts";
import type { SiteClient } from "../site/client.ts";
import type { SiteOutput } from "../site/contract.ts";
import type { Say } from "../telemetry/say.ts";
import { keepWatchdog } from "./watchdog/index.ts";

/** A site's worker as the watchdog of its site's protected groups, with leases over the API. */
export async function watchOver(
  parts: {
    readonly client: SiteClient;
    readonly assignment: SiteOutput<"assignment">;
    readonly dir: string;
    readonly registry: Pick<Registry, "provider">;
    readonly log: Say;
  },
  signal: AbortSignal,
): Promise<void> {
  const { client, assignment, registry, log } = parts;
  const { entry, hasCredentials } = assignment;
  const dir = join(parts.dir, "watchdog");
  await keepWatchdog(
    {
      dir,
      log,
      compute: async () => (await registry.provider(entry.site)).compute,
      leases: {
        orders: async (groupIds, within) =>
          (await client.call("watchdogOrders", { groupIds: [...groupIds] }, within)).orders,
        renew: (ask, within) => client.call("renewGroupLease", ask, within),
      },
      order: async () => ({
        dir,
        entry,
        ...(hasCredentials ? { values: (await client.call("credentials", {})).values } : {}),
        toolsManifest: toolsManifestPath(),
        runDir: makeSocketDir(dir),
      }),
    },
    signal,
  );
}
