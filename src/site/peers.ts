import type { PeerSites } from "../activities/deps.ts";
import { ProviderError } from "../domain/errors.ts";
import { openRemoteSink, openRemoteSource } from "../transfer/link/client.ts";
import type { SiteClient } from "./client.ts";
import { type AskedEnd, reachWorker } from "./data-port.ts";
import type { SiteIdentity } from "./identity.ts";

/** The far ends of this site's copies, over links to workers of the other sites. */
export function peerSites(client: SiteClient, identity: SiteIdentity, compression: boolean): PeerSites {
  const reach = async (site: string, generationId: string, signal: AbortSignal) => {
    const link = await client.call("link", { generationId }, signal);
    if (link.site !== site) {
      throw new ProviderError("InvalidInput", {
        operation: "reach the other site's worker",
        resource: `site/${site}`,
        reason: `the copy's other end is at ${link.site}`,
        action: "Plan the move again.",
      });
    }
    const { workerId, address, grant } = link;
    const socket = await reachWorker(identity, { workerId, site }, address, signal);
    return { socket, grant, options: { name: `worker ${workerId}`, compression, signal } };
  };
  return {
    disks(site, generationId) {
      if (site === identity.site) return undefined;
      return {
        async openGeneration(input, signal) {
          const { socket, grant, options } = await reach(site, generationId, signal);
          const ask: AskedEnd = { kind: "sink", grant, input };
          return openRemoteSink(socket, ask, options);
        },
        async openSource(input, signal) {
          const { socket, grant, options } = await reach(site, generationId, signal);
          const ask: AskedEnd = { kind: "source", grant, input };
          return openRemoteSource(socket, ask, options);
        },
      };
    },
  };
}
