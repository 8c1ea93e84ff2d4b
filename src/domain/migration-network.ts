import { readFormerShape } from "./former-shape.ts";
import { planPrivateAddress } from "./migration-addresses.ts";
import type { MigrationObservations, TargetNetwork } from "./migration-parts.ts";
import { planRules, translatesRules } from "./migration-rules.ts";
import type { PlanAction, PlanCheck, PlanChoice } from "./plan.ts";
import type { Vm } from "./vm.ts";

export interface PlannedNetwork {
  /** The target network of each NIC, in their order; undefined where none was found. */
  readonly networkIds: readonly (string | undefined)[];
  /** The addresses that they keep there, in the same order. */
  readonly addresses: readonly (string | undefined)[];
  /** The zone they lie in, where there are such. */
  readonly zone?: string;
  readonly securityGroups?: readonly string[];
  readonly publicAddress?: boolean;
  /** What is made at the target before the VM. */
  readonly actions: readonly PlanAction[];
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

export function planNetwork(seen: MigrationObservations): PlannedNetwork {
  const nics = carriedNics(seen).map((nic) => ({ nic, ...planNic(seen, nic) }));
  const kept = nics.map(({ nic, network }) => planPrivateAddress(seen, nic, network));
  const networks = nics.flatMap(({ network }) => (network ? [network] : []));
  const zones = [...new Set(networks.flatMap(({ zone }) => zone ?? []))];
  const virtualNetworkId = networks[0]?.virtualNetworkId;
  const rules = planRules(seen, networks);
  const groups = translatesRules(seen) ? { choices: [], checks: [] } : planSecurityGroups(seen, virtualNetworkId);
  const address = planAddress(seen);
  return {
    networkIds: nics.map(({ network }) => network?.networkId),
    addresses: kept.map(({ address: each }) => each),
    ...(zones[0] === undefined ? {} : { zone: zones[0] }),
    ...("ids" in groups && groups.ids ? { securityGroups: groups.ids } : {}),
    actions: rules.actions,
    ...(seen.request.publicAddress === undefined ? {} : { publicAddress: seen.request.publicAddress }),
    choices: [...nics.map(({ choice }) => choice), ...groups.choices, ...rules.choices, ...address.choices],
    checks: [
      ...nics.map(({ check }) => check),
      ...kept.flatMap(({ checks }) => checks),
      ...(zones.length > 1 ? [severalZones(zones)] : []),
      ...groups.checks,
      ...rules.checks,
      ...address.checks,
    ],
  };
}

/** A cloud gives every VM a network; one that had none before has none at home again. */
function carriedNics({ vm, source, target }: MigrationObservations): Vm["nics"] {
  const home = source.fixedShapes && target.instanceTypes === undefined;
  return home && readFormerShape(vm)?.macs.length === 0 ? [] : vm.nics;
}

interface PlannedNic {
  readonly network?: TargetNetwork;
  readonly choice: PlanChoice;
  readonly check: PlanCheck;
}

/** Mapped, else of the same name, else the site's default, else the only one. */
function planNic(seen: MigrationObservations, nic: Vm["nics"][number]): PlannedNic {
  const { request } = seen;
  const { networks } = seen.target;
  const what = `target network of ${nic.nicId}`;
  const asked = request.networkMap?.[nic.networkId];
  const wanted = asked ?? nic.networkId;
  const named = networks.filter(({ name }) => name === wanted);
  const found = networks.find(({ networkId }) => networkId === wanted) ?? (named.length === 1 ? named[0] : undefined);
  const defaults = networks.filter(({ isDefault }) => isDefault === true);
  const candidates: readonly [TargetNetwork | undefined, string][] = asked
    ? [[found, `${nic.networkId} is mapped to it`]]
    : [
        [found, "it has the same name as at the source"],
        [defaults.length === 1 ? defaults[0] : undefined, `it is the default at ${request.to}`],
        [networks.length === 1 ? networks[0] : undefined, `it is the only network at ${request.to}`],
      ];
  const [network, why] = candidates.find(([candidate]) => candidate !== undefined) ?? [];
  if (network && why) {
    const { name, active } = network;
    const check = "target-network";
    return {
      network,
      choice: { what, chosen: name, why },
      check: active
        ? { check, result: "pass", detail: `${nic.nicId}: ${nic.networkId} → ${name}` }
        : {
            check,
            result: "fail",
            detail: `${name} at ${request.to} is not active`,
            remedy: `Start the network ${name}, or map ${nic.networkId} to another one.`,
          },
    };
  }
  const several = named.length > 1;
  const choices = (several ? named.map(({ networkId }) => networkId) : networks.map(({ name }) => name)).join(", ");
  return {
    choice: {
      what,
      chosen: "none",
      why: several
        ? `${named.length} networks at ${request.to} are called ${wanted}`
        : `nothing at ${request.to} matches ${wanted}`,
    },
    check: {
      check: "target-network",
      result: "fail",
      detail: several
        ? `${named.length} networks at ${request.to} are called ${wanted}`
        : `No network at ${request.to} for ${nic.nicId} (${wanted})`,
      remedy: `Map it: --network ${nic.networkId}=NAME, one of: ${choices || "none"}.`,
    },
  };
}

function severalZones(zones: readonly string[]): PlanCheck {
  return {
    check: "target-zone",
    result: "fail",
    detail: `Its networks lie in different zones (${zones.join(", ")}); a VM is in one`,
    remedy: "Map its networks to ones of the same zone with --network.",
  };
}

interface Planned {
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

interface GroupWishes {
  readonly request: Pick<MigrationObservations["request"], "securityGroups" | "to">;
  readonly target: Pick<
    MigrationObservations["target"],
    "capabilityGaps" | "configuredSecurityGroups" | "securityGroups"
  >;
}

/** The request's, else the site's from the configuration, else what the site takes by itself. */
export function planSecurityGroups(
  seen: GroupWishes,
  virtualNetworkId: string | undefined,
): Planned & { readonly ids?: readonly string[] } {
  const { request, target } = seen;
  const asked = request.securityGroups;
  const gap = target.capabilityGaps["network.security-groups"];
  const check = "target-security-groups";
  if (gap !== undefined) {
    if (!asked?.length) return { choices: [], checks: [] };
    const remedy = "Leave --security-group out.";
    return { choices: [], checks: [{ check, result: "fail", detail: gap, remedy }] };
  }
  const wanted = asked ?? target.configuredSecurityGroups ?? [];
  if (wanted.length === 0) return { choices: [], checks: [] };
  const known = (target.securityGroups ?? []).filter(
    (group) => virtualNetworkId === (group.virtualNetworkId ?? virtualNetworkId) || virtualNetworkId === undefined,
  );
  const matches = wanted.map((name) => known.filter((group) => group.securityGroupId === name || group.name === name));
  const unclear = wanted.filter((_, index) => matches[index]?.length !== 1);
  const ids = matches.flatMap((groups) => groups.map(({ securityGroupId }) => securityGroupId));
  const why = asked ? "they were asked for" : `the configuration says so for ${request.to}`;
  if (unclear.length === 0) {
    return {
      ids,
      choices: [{ what: "security groups", chosen: wanted.join(", "), why }],
      checks: [{ check, result: "pass", detail: `${wanted.join(", ")} are there` }],
    };
  }
  return {
    choices: [],
    checks: [
      {
        check,
        result: "fail",
        detail: `Not exactly one security group in the target's network is called ${unclear.join(", ")}`,
        remedy: `Name one by its id with --security-group; there are ${known.map(({ name }) => name).join(", ") || "none"}.`,
      },
    ],
  };
}

function planAddress({ request, target }: MigrationObservations): Planned {
  if (request.publicAddress === undefined) return { choices: [], checks: [] };
  const gap = target.capabilityGaps["network.public-address"];
  if (gap === undefined) {
    const chosen = request.publicAddress ? "one that the internet can reach" : "none";
    return { choices: [{ what: "public address", chosen, why: "it was asked for" }], checks: [] };
  }
  if (!request.publicAddress) return { choices: [], checks: [] };
  const remedy = "Leave --public-address out.";
  return { choices: [], checks: [{ check: "target-network.public-address", result: "fail", detail: gap, remedy }] };
}
