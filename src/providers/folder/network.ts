import type { Network, NetworkFacet } from "../provider.ts";

/** The one place that interfaces of a VM in a folder can be in: nothing runs, so nothing is connected. */
const unplugged: Network = { networkId: "unplugged", name: "unplugged", kind: "none", active: true };

export class FolderNetwork implements NetworkFacet {
  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    signal.throwIfAborted();
    yield unplugged;
  }
}
