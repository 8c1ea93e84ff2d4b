import { existsSync, readdirSync } from "node:fs";
import type { VmFirewall } from "../../domain/firewall.ts";
import type { Network, NetworkFacet } from "../provider.ts";
import { userNetworkId } from "./domain-xml.ts";
import { toolFailure } from "./errors.ts";
import { firewallOf } from "./firewall.ts";
import type { Host } from "./host.ts";

export class LibvirtNetwork implements NetworkFacet {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async firewallOf(vmId: string, signal: AbortSignal): Promise<VmFirewall> {
    return firewallOf(await this.#host.domains.get(vmId, signal));
  }

  /** libvirt's networks, the host's bridges, and QEMU's user-mode network, which needs nothing of the host. */
  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    const { isSession } = this.#host;
    if (isSession) yield { networkId: userNetworkId, name: userNetworkId, kind: "user", active: true };
    const listed = await this.#host.virsh.attempt(["net-list", "--all"], signal);
    if (listed.exitCode !== 0) {
      // A host without the network driver has none.
      if (/not supported|no connection driver/i.test(listed.stderr)) return;
      throw toolFailure("virsh", listed.stderr, { operation: "list networks", resource: this.#host.site });
    }
    for (const line of listed.stdout.split("\n")) {
      const [name, state] = line.trim().split(/\s+/);
      if (name && state) yield { networkId: name, name, kind: "nat", active: state === "active" };
    }
    if (isSession) return;
    for (const name of readdirSync("/sys/class/net")) {
      if (!existsSync(`/sys/class/net/${name}/bridge`)) continue;
      yield { networkId: `bridge:${name}`, name: `bridge:${name}`, kind: "bridge", active: true };
    }
  }
}
