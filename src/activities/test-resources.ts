import type { CensusKind } from "../domain/census.ts";
import type { CopyDiskParameters } from "../domain/migration-parts.ts";
import type { TestPreparation } from "../domain/test-plan.ts";
import { isolatedNetworkId, tagKeys } from "../domain/vm.ts";
import type { NetworkAdminFacet } from "../providers/cloud-facets.ts";
import type { Provider } from "../providers/provider.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

/** Where a test is, and of what. */
export interface TestPlace {
  readonly testId: string;
  readonly from: string;
  readonly to: string;
}

export function sourceKey(testId: string): string {
  return `${testId}-source`;
}

export function generationOf(testId: string, diskId: string): string {
  return `${testId}-${diskId}`;
}

/** What a test may have made. */
export interface MadeByTest extends TestPlace {
  readonly copies: readonly CopyDiskParameters[];
  readonly preparations?: readonly TestPreparation[];
}

/** Of generations that are a prepared disk. */
export const preparedSuffix = "-prepared";

/** No address of it is ever routed anywhere. */
const isolatedCidr = "10.255.255.0/24";

/** A network without a way out: the site's own, or one that is made for the test, with a group that lets nothing through. */
export async function cutOff(
  { networkAdmin }: Provider,
  { testId }: TestPlace,
  signal: AbortSignal,
): Promise<{ networkId: string; securityGroups?: readonly string[] }> {
  if (!networkAdmin) return { networkId: isolatedNetworkId };
  const tags = { [tagKeys.managed]: "true" };
  const named = (what: string) => ({ name: `${testId}-${what}`, key: networkKey(testId, what), tags });
  const { virtualNetworkId } = await networkAdmin.createVirtualNetwork(
    { ...named("network"), cidr: isolatedCidr, internet: false },
    signal,
  );
  const subnet = { ...named("subnet"), virtualNetworkId, cidr: isolatedCidr };
  const { networkId } = await networkAdmin.createSubnet(subnet, signal);
  const group = { ...named("group"), description: "lets nothing in or out", virtualNetworkId, rules: [] };
  const { securityGroupId } = await networkAdmin.createSecurityGroup(group, signal);
  return { networkId, securityGroups: [securityGroupId] };
}

/** Everything of the test at both sites; what is gone is fine. */
export async function removeTestResources(
  { registry, store }: Pick<ActivityDeps, "registry" | "store">,
  { testId, from, to, copies, preparations = [] }: MadeByTest,
  signal: AbortSignal,
): Promise<void> {
  const target = await registry.provider(to);
  const all = await Array.fromAsync(target.census(signal));
  const made = all.filter(({ tags }) => tags[tagKeys.key]?.startsWith(`${testId}-`));
  const idsOf = (kind: CensusKind) => made.filter((entry) => entry.kind === kind).map(({ id }) => id);
  for (const id of idsOf("vm")) await goneIsFine(target.compute.deleteVm(id, signal));
  for (const id of idsOf("image")) await target.images?.deleteImage(id, signal);
  for (const id of idsOf("snapshot")) await target.snapshots?.deleteSnapshot(id, signal);
  for (const id of idsOf("volume")) await goneIsFine(target.disks.deleteVolume(id, signal));
  if (target.networkAdmin) await removeNetwork(target, target.networkAdmin, testId, signal);
  const drop = async (replicaId: string, generationId: string) => {
    await goneIsFine(target.disks.deletePoint(generationId, signal));
    await goneIsFine(target.disks.discardGeneration({ replicaId, generationId }, signal));
    await store.points.delete(to, generationId);
  };
  for (const { diskId, replicaId } of preparations) {
    // Of a replica, several rounds may have been prepared before one stayed long enough to be cloned.
    const isOf = (id: string) => id.startsWith(generationOf(testId, diskId)) && id.endsWith(preparedSuffix);
    const found = all.map(({ id }) => id).filter(isOf);
    for (const id of new Set([...found, `${generationOf(testId, diskId)}${preparedSuffix}`])) await drop(replicaId, id);
  }
  for (const { diskId, replicaId } of copies) await drop(replicaId, generationOf(testId, diskId));
  if (copies.length === 0) return;
  const source = await registry.provider(from);
  for await (const { kind, id, tags } of source.census(signal)) {
    if (kind !== "source-point" || tags[tagKeys.key] !== sourceKey(testId)) continue;
    await goneIsFine(source.disks.releaseSourcePoint(id, signal));
  }
}

async function removeNetwork(
  { network }: Provider,
  admin: NetworkAdminFacet,
  testId: string,
  signal: AbortSignal,
): Promise<void> {
  const key = networkKey(testId, "network");
  for await (const { virtualNetworkId, tags } of admin.listVirtualNetworks(signal)) {
    if (tags[tagKeys.key] !== key) continue;
    for await (const group of admin.listSecurityGroups(signal)) {
      const ours = group.virtualNetworkId === virtualNetworkId && group.tags[tagKeys.key] !== undefined;
      if (ours) await admin.deleteSecurityGroup(group.securityGroupId, signal);
    }
    for await (const subnet of network.listNetworks(signal)) {
      if (subnet.virtualNetworkId === virtualNetworkId) await admin.deleteSubnet(subnet.networkId, signal);
    }
    await admin.deleteVirtualNetwork(virtualNetworkId, signal);
  }
}

function networkKey(testId: string, what: string): string {
  return `${testId}-isolated-${what}`;
}
