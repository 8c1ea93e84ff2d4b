import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayView } from "../../domain/connection.ts";
import { readTunnelName } from "../../domain/connection.ts";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import { espProposal, ikeProposal } from "../../domain/ipsec.ts";
import type { Tunnel } from "../../providers/cloud-facets.ts";
import type { TunnelEnd } from "../../providers/gateway-facet.ts";
import type { CallBudget, SiteCheck, VpnGatewayFacet } from "../../providers/provider.ts";
import { ping } from "./ping.ts";
import { Vici } from "./vici.ts";
import type { ViciSection, ViciValue } from "./vici-message.ts";

export interface StrongSwanOptions extends GatewayView {
  readonly site: string;
  /** The path of its VICI socket, or `host:port`. */
  readonly vici: string;
  /** The network namespace that it runs in, if in one of its own. */
  readonly namespace?: string | undefined;
  readonly budget: CallBudget;
}

/** How long a tunnel may take to come up before the end that begins says why it did not. */
const upWithinMs = 20_000;
const endWithinMs = 3_000;
const lookAgainMs = 200;
/** An end that hears nothing for this long asks whether the other one is there; how long that takes to fail is the daemon's
 *  `retransmit_*` (docs/networking.md). */
const askAfter = "1s";

/**
 * The VPN gateway of a site of ours: a strongSwan daemon. Each tunnel is a connection of its own there, with identities and a key
 * that no other one has; tunnels of one connection protect the same networks, and stand in for each other.
 */
export class StrongSwan implements VpnGatewayFacet {
  /** It is both: what lists tunnels, and an end of them. */
  readonly gateway = this;
  readonly #options: StrongSwanOptions;
  readonly #vici: Vici;

  constructor(options: StrongSwanOptions) {
    this.#options = options;
    this.#vici = new Vici(options.site, options.vici);
  }

  async describeGateway(signal: AbortSignal): Promise<GatewayView> {
    await this.#ask("version", {}, signal);
    const { addresses, networks, probeAddress } = this.#options;
    return { addresses, networks, ...(probeAddress === undefined ? {} : { probeAddress }) };
  }

  async check(signal: AbortSignal): Promise<SiteCheck> {
    try {
      const { daemon, version } = await this.#ask("version", {}, signal);
      return {
        check: "vpn-gateway",
        result: "pass",
        detail: `${text(daemon)} ${text(version)} at ${this.#options.vici}`,
      };
    } catch (error) {
      if (signal.aborted) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      const remedy = "See that strongSwan runs there, and that the worker's account may use its VICI socket.";
      return { check: "vpn-gateway", result: "fail", detail, remedy };
    }
  }

  async putTunnel(end: TunnelEnd, key: string, signal: AbortSignal): Promise<void> {
    const { name, begins, address, peerAddress, networks, peerNetworks, parameters } = end;
    const own = `${name}-${begins ? "near" : "far"}`;
    const peer = `${name}-${begins ? "far" : "near"}`;
    await this.#ask("load-shared", { id: name, type: "IKE", data: key, owners: [own, peer] }, signal);
    const child: ViciSection = {
      mode: "tunnel",
      local_ts: networks,
      remote_ts: peerNetworks,
      esp_proposals: [espProposal(parameters)],
      rekey_time: `${Math.floor(parameters.espSeconds * 0.9)}s`,
      life_time: `${parameters.espSeconds}s`,
      // Both ends trying at once would leave two tunnels, each with one direction.
      dpd_action: begins ? "restart" : "clear",
      start_action: "none",
      close_action: "none",
    };
    const connection: ViciSection = {
      version: "2",
      local_addrs: [address],
      remote_addrs: [peerAddress],
      proposals: [ikeProposal(parameters)],
      rekey_time: `${Math.floor(parameters.ikeSeconds * 0.9)}s`,
      // Ends stay where they are.
      mobike: "no",
      // The kernel or NAT on the way may know no ESP; in UDP it passes everywhere.
      encap: "yes",
      dpd_delay: askAfter,
      keyingtries: "0",
      "local-1": { auth: "psk", id: own },
      "remote-1": { auth: "psk", id: peer },
      children: { [name]: child },
    };
    await this.#ask("load-conn", { [name]: connection }, signal);
  }

  async bringUp(name: string, signal: AbortSignal): Promise<void> {
    // One that is tried already is waited for: each order to begin would make one more child of it.
    const deadline = Date.now() + upWithinMs;
    for (let tried = await this.#standing(name, signal); tried !== "idle"; tried = await this.#standing(name, signal)) {
      if (tried === "up") return;
      if (Date.now() >= deadline) throw this.#silent(name);
      await sleep(lookAgainMs, undefined, { signal });
    }
    await this.#ask("initiate", { ike: name, child: name, timeout: String(upWithinMs) }, signal);
  }

  async removeTunnel(name: string, signal: AbortSignal): Promise<void> {
    await this.#goneIsFine("unload-conn", { name }, signal);
    await this.#goneIsFine("terminate", { ike: name, timeout: String(endWithinMs), force: "yes" }, signal);
    await this.#goneIsFine("unload-shared", { id: name }, signal);
  }

  async *listTunnels(signal: AbortSignal): AsyncGenerator<Tunnel> {
    const connections = await this.#list("list-conns", "list-conn", signal);
    const up = await this.#established(signal);
    const groups = new Map<string, { name: string; connection: ViciSection }[]>();
    for (const [name, connection] of connections.flatMap(sections)) {
      const group = readTunnelName(name)?.connectionId ?? name;
      groups.set(group, [...(groups.get(group) ?? []), { name, connection }]);
    }
    for (const [tunnelId, members] of groups) {
      const ends = members
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, connection }) => {
          const since = up.get(name);
          const address = list(connection.local_addrs)[0];
          return {
            ...(address === undefined ? {} : { address }),
            up: since !== undefined,
            ...(since === undefined ? {} : { since }),
          };
        });
      const peerAddress = list(members[0]?.connection.remote_addrs)[0];
      yield {
        tunnelId,
        type: "IKEv2",
        state: ends.some((end) => end.up) ? "established" : "down",
        ...(peerAddress === undefined ? {} : { peerAddress }),
        ends,
        tags: {},
      };
    }
  }

  async tunnelsUp(names: readonly string[], signal: AbortSignal): Promise<readonly boolean[]> {
    const up = await this.#established(signal);
    return names.map((name) => up.has(name));
  }

  async measure(target: string, signal: AbortSignal) {
    return ping({ target, namespace: this.#options.namespace, site: this.#options.site }, signal);
  }

  /** Names with an installed child, and since when. */
  async #established(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const found = (await this.#list("list-sas", "list-sa", signal)).flatMap(sections);
    const up = new Map<string, string>();
    for (const [name, sa] of found) {
      if (!isUp(sa)) continue;
      up.set(name, new Date(Date.now() - Number(text(sa.established)) * 1_000).toISOString());
    }
    return up;
  }

  async #standing(name: string, signal: AbortSignal): Promise<"up" | "trying" | "idle"> {
    const own = (await this.#list("list-sas", "list-sa", signal)).flatMap(sections).filter(([found]) => found === name);
    if (own.some(([, sa]) => isUp(sa))) return "up";
    return own.some(([, sa]) => sa.state === "CONNECTING") ? "trying" : "idle";
  }

  #silent(name: string): ProviderError {
    return new ProviderError("Unavailable", {
      operation: "bring a tunnel up",
      resource: `${this.#options.site}/tunnel/${name}`,
      reason: `the other end does not answer, and is tried on; ${upWithinMs / 1_000} s were waited`,
      action: "See that the other gateway runs, and that UDP 500 and 4500 get through.",
    });
  }

  async #list(command: string, event: string, signal: AbortSignal): Promise<ViciSection[]> {
    await this.#options.budget.take(signal);
    return this.#vici.stream(command, event, {}, signal);
  }

  async #ask(command: string, message: ViciSection, signal: AbortSignal): Promise<ViciSection> {
    await this.#options.budget.take(signal);
    return this.#vici.request(command, message, signal);
  }

  /** It refuses what it does not know; nothing else can be wrong with these. */
  async #goneIsFine(command: string, message: ViciSection, signal: AbortSignal): Promise<void> {
    try {
      await this.#ask(command, message, signal);
    } catch (error) {
      if (!isProviderError(error, "Conflict")) throw error;
    }
  }
}

function isUp(sa: ViciSection): boolean {
  return sa.state === "ESTABLISHED" && sections(sa["child-sas"]).some(([, child]) => child.state === "INSTALLED");
}

function sections(value: ViciValue | undefined): [string, ViciSection][] {
  if (value === undefined || typeof value === "string" || Array.isArray(value)) return [];
  return Object.entries(value).filter(
    (pair): pair is [string, ViciSection] => typeof pair[1] === "object" && !Array.isArray(pair[1]),
  );
}

function list(value: ViciValue | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function text(value: ViciValue | undefined): string {
  return typeof value === "string" ? value : "";
}
