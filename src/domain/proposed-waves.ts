import type { Conversation, VmAssessment } from "./assessment.ts";

/** VMs to move together, before it is known how long that takes. */
export interface WaveProposal {
  readonly members: readonly VmAssessment[];
  readonly why: string;
}

const pilots = 3;

/**
 * Waves of the VMs that can move. Those that talk to each other, directly or through others, stay together, so that no
 * traffic between them goes over the link between the sites for longer than a wave; else the least risk goes first: a
 * few small ones that nothing speaks against as a pilot, then what is ready, then what has warnings, small before large.
 */
export function proposeWaves(
  vms: readonly VmAssessment[],
  conversations: readonly Conversation[],
  waveSize: number,
): readonly WaveProposal[] {
  const movable = vms.filter(({ readiness }) => readiness !== "blocking");
  const groups = groupsOf(movable, conversations).sort((a, b) => riskOf(a) - riskOf(b) || bytesOf(a) - bytesOf(b));
  const pilot = pilotOf(groups, waveSize);
  const waves: { members: VmAssessment[]; groups: number }[] = [];
  for (const group of groups.slice(pilot.length)) {
    const last = waves.at(-1);
    const fits = last && last.members.length + group.length <= waveSize && riskOf(last.members) === riskOf(group);
    if (fits) {
      last.members.push(...group);
      last.groups += 1;
    } else waves.push({ members: [...group], groups: 1 });
  }
  const first = pilot.length === 0 ? [] : [{ members: pilot.flat(), why: pilotReason }];
  return [...first, ...waves.map(({ members, groups: joined }) => ({ members, why: reasonOf(members, joined) }))];
}

const pilotReason = "a pilot: the smallest that are ready";

/** Only where enough is left that a pilot tells something about. */
function pilotOf(groups: readonly (readonly VmAssessment[])[], waveSize: number): readonly (readonly VmAssessment[])[] {
  const all = groups.reduce((sum, group) => sum + group.length, 0);
  const most = Math.min(pilots, waveSize);
  if (all <= most * 2) return [];
  const chosen: (readonly VmAssessment[])[] = [];
  for (const group of groups) {
    if (riskOf(group) > 0 || chosen.flat().length + group.length > most) break;
    chosen.push(group);
  }
  return chosen;
}

function groupsOf(vms: readonly VmAssessment[], conversations: readonly Conversation[]): VmAssessment[][] {
  const parents = new Map(vms.map(({ vmId }) => [vmId, vmId]));
  const rootOf = (vmId: string): string => {
    const parent = parents.get(vmId) as string;
    if (parent === vmId) return vmId;
    const root = rootOf(parent);
    parents.set(vmId, root);
    return root;
  };
  for (const { vmId, peerId } of conversations) {
    if (peerId !== undefined && parents.has(vmId) && parents.has(peerId)) parents.set(rootOf(vmId), rootOf(peerId));
  }
  return [...Map.groupBy(vms, ({ vmId }) => rootOf(vmId)).values()];
}

/** 0: nothing speaks against any of them. */
function riskOf(group: readonly VmAssessment[]): number {
  return group.some(({ readiness }) => readiness === "warning") ? 1 : 0;
}

function bytesOf(group: readonly VmAssessment[]): number {
  return group.reduce((sum, { bytesToMove = 0 }) => sum + bytesToMove, 0);
}

function reasonOf(members: readonly VmAssessment[], groups: number): string {
  const together = members.length > 1 && groups === 1 ? "they talk to each other" : undefined;
  const state = riskOf(members) === 0 ? "ready" : "with warnings";
  return together ? `${state}; ${together}` : state;
}
