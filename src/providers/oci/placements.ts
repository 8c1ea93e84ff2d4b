import { invalid, notFound, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { Oci } from "./client.ts";
import { isoOf, type Subnet, stateOf } from "./models.ts";
import { isOurs } from "./tags.ts";
import { alive, isId, items, type OciView } from "./view.ts";

/** A network interface as Oracle is asked for it. */
export interface Interface {
  readonly subnetId: string;
  readonly assignPublicIp?: boolean;
  readonly nsgIds?: string[];
  readonly privateIp?: string;
}

/** Where new VMs and volumes go: subnets, availability domains and security groups. */
export class Placements {
  readonly #oci: Oci;
  readonly #view: OciView;

  constructor(oci: Oci, view: OciView) {
    this.#oci = oci;
    this.#view = view;
  }

  /** Oracle has no default subnet: the oldest one that VMs with a public address can be in is taken, of somebody else's making
   *  where there is one. */
  async defaultSubnet(subject: Subject, signal: AbortSignal): Promise<Subnet> {
    const subnet = usualOf(await Array.fromAsync(this.#view.subnets(undefined, subject, signal)));
    if (subnet) return subnet;
    throw invalid(subject, "the compartment has no subnet", "Make a VCN with a subnet, or name one.");
  }

  /** Where volumes go that nothing binds to a place. */
  async availabilityDomain(subject: Subject, signal: AbortSignal): Promise<string> {
    const subnet = usualOf(await Array.fromAsync(this.#view.subnets(undefined, subject, signal)));
    const domain = subnet?.availabilityDomain ?? (await this.#view.availabilityDomains(subject, signal))[0];
    if (domain !== undefined) return domain;
    throw notFound(subject, `${this.#oci.entry.region} shows no availability domain`);
  }

  /** The network interfaces of a new VM, and the availability domain that they bind it to; undefined when they don't. */
  async interfaces(
    spec: Pick<VmSpec, "nics" | "securityGroups" | "publicAddress">,
    domain: string | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<{ interfaces: readonly Interface[]; availabilityDomain: string | undefined }> {
    const subnets =
      spec.nics.length === 0
        ? [await this.defaultSubnet(subject, signal)]
        : await this.#subnets(
            spec.nics.map(({ networkId }) => networkId),
            subject,
            signal,
          );
    // A regional subnet is in all of them.
    const bound = subnets.find(({ availabilityDomain }) => availabilityDomain)?.availabilityDomain;
    if (domain !== undefined && bound !== undefined && bound !== domain) {
      throw invalid(
        subject,
        `its volumes lie in ${domain}, and its subnet in ${bound}`,
        "Use a regional subnet, or one of the volumes' availability domain.",
      );
    }
    const wanted = spec.securityGroups ?? this.#oci.entry.securityGroups ?? [];
    const interfaces: Interface[] = [];
    for (const [index, { id, vcnId }] of subnets.entries()) {
      const privateIp = spec.nics[index]?.address;
      interfaces.push({
        subnetId: id,
        ...(privateIp !== undefined && { privateIp }),
        ...(wanted.length > 0 && { nsgIds: await this.#groups(wanted, vcnId, spec, subject, signal) }),
        ...(spec.publicAddress !== undefined && { assignPublicIp: spec.publicAddress }),
      });
    }
    return { interfaces, availabilityDomain: bound };
  }

  async #subnets(ids: readonly string[], subject: Subject, signal: AbortSignal): Promise<Subnet[]> {
    const found = new Map<string, Subnet>();
    for await (const subnet of this.#view.subnets(undefined, subject, signal)) found.set(subnet.id, subnet);
    return ids.map((id) => {
      const subnet = found.get(id);
      if (subnet) return subnet;
      throw notFound(subject, `subnet ${id} does not exist`);
    });
  }

  /** Groups of the configuration belong to the usual VCN: a VM in another one goes without them. */
  async #groups(
    wanted: readonly string[],
    vcnId: string,
    { securityGroups }: Pick<VmSpec, "securityGroups">,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string[]> {
    const compartmentId = await this.#oci.compartment();
    const listed = items((page) =>
      this.#oci.network.call(
        "listNetworkSecurityGroups",
        { compartmentId, vcnId, limit: 1_000, page },
        subject,
        signal,
      ),
    );
    const groups = await Array.fromAsync(alive(listed));
    return wanted.flatMap((nameOrId) => {
      const group = groups.find(({ id, displayName }) => id === nameOrId || displayName === nameOrId);
      if (group) return group.id;
      if (securityGroups === undefined && isId(nameOrId, "networksecuritygroup")) return [];
      throw invalid(
        subject,
        `VCN ${vcnId} has no network security group ${nameOrId}`,
        `It has: ${groups.map(({ displayName = "" }) => displayName).join(", ") || "none"}.`,
      );
    });
  }
}

/** The subnet that is taken when nothing tells those of a compartment apart. */
export function usualOf(subnets: readonly Subnet[]): Subnet | undefined {
  const order = (subnet: Subnet) =>
    [Number(isOurs(subnet)), Number(subnet.prohibitPublicIpOnVnic === true), isoOf(subnet.timeCreated), subnet.id].join(
      " ",
    );
  return subnets
    .filter(({ lifecycleState }) => stateOf({ lifecycleState }) === "AVAILABLE")
    .toSorted((a, b) => (order(a) < order(b) ? -1 : 1))[0];
}
