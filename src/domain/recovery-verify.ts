import { formerShapeTag } from "./former-shape.ts";
import type { VerifyOptions } from "./migration.ts";
import type { CreateVmParameters, VerifyParameters } from "./migration-parts.ts";
import { tagKeys } from "./vm.ts";

/** What is looked for once the VM runs at the recovery site: as its plan has it, but for what the recovery plan says. */
export function recoveryVerify(planned: VerifyParameters, asked: VerifyOptions = {}): VerifyParameters {
  const { bootMarker: plannedMarker, ...rest } = planned;
  const { bootProof, bootMarker = plannedMarker, bootTimeoutMs, tcpProbes, httpProbes, probeTimeoutMs } = asked;
  return {
    ...rest,
    ...(bootProof === false || bootMarker === undefined ? {} : { bootMarker }),
    ...(bootTimeoutMs === undefined ? {} : { bootTimeoutMs }),
    ...(tcpProbes ? { tcpPorts: tcpProbes.map(({ port }) => port) } : {}),
    ...(httpProbes
      ? { httpProbes: httpProbes.map(({ expectStatus = 200, ...probe }) => ({ ...probe, expectStatus })) }
      : {}),
    ...(probeTimeoutMs === undefined ? {} : { probeTimeoutMs }),
  };
}

/** The VM in that placement: one network for each NIC. An address belongs to the network that it was planned in. */
export function placedIn(create: CreateVmParameters, networks: readonly string[] | undefined): CreateVmParameters {
  if (!networks) return create;
  const nics = networks.map((networkId, index) => {
    const { address, networkId: planned, ...nic } = create.nics[index] ?? { networkId };
    return { ...nic, networkId, ...(address !== undefined && planned === networkId ? { address } : {}) };
  });
  return { ...create, nics };
}

const dropped: ReadonlySet<string> = new Set([tagKeys.lineage, tagKeys.migration, tagKeys.fencedBy, formerShapeTag]);

/** The VM of a drill: off its networks, under a name of its own, and without the marks that are about the real one. */
export function drilled(create: CreateVmParameters): CreateVmParameters {
  const { securityGroups: _groups, publicAddress: _address, ...rest } = create;
  return {
    ...rest,
    name: `${create.name}-drill`,
    nics: create.nics.slice(0, 1).map(({ mac }) => ({ networkId: "", ...(mac === undefined ? {} : { mac }) })),
    tags: Object.fromEntries(Object.entries(create.tags).filter(([key]) => !dropped.has(key))),
  };
}
