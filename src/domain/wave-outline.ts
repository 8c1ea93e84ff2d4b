import { ProviderError } from "./errors.ts";
import type { MigrationRequest } from "./migration.ts";
import type { WaveGroup, WaveMember, WaveOutline, WaveRequest, WaveVm } from "./wave.ts";

const defaultGroup = "default";
/** Each VM costs the run's history a dozen events, and a history has its bounds. */
const mostVms = 500;

/** Resolves what a wave refers to by name. @throws ProviderError InvalidInput. */
export function outlineWave(request: WaveRequest, vms: readonly WaveVm[]): WaveOutline {
  if (vms.length === 0) throw refused("it names no VM", "Give VMs, a query that finds some, or a CSV.");
  if (vms.length > mostVms) throw refused(`it has ${vms.length} VMs`, `Make waves of at most ${mostVms} VMs.`);
  const groups = groupsOf(request, vms);
  const positions = positionsOf(request, vms);
  const members = vms.map((vm): WaveMember => {
    const after = (vm.after ?? []).map((name) => {
      const found = positions.get(name);
      if (found === undefined) throw refused(`${vm.vm} comes after ${name}, which is not in it`, "Name a VM of it.");
      return found;
    });
    return { request: migrationOf(request, vm), group: vm.group ?? defaultGroup, after };
  });
  refuseCircles(groups, members, request.inOrder !== false);
  return {
    name: request.name ?? "wave",
    groups,
    members,
    ...(request.parallel === undefined ? {} : { parallel: request.parallel }),
    inOrder: request.inOrder !== false,
  };
}

function groupsOf({ groups = [], pauseSeconds }: WaveRequest, vms: readonly WaveVm[]): WaveGroup[] {
  const named = new Map<string, WaveGroup>();
  for (const group of groups) {
    if (named.has(group.name)) throw refused(`the group ${group.name} is there twice`, "Name each group once.");
    named.set(group.name, group);
  }
  for (const { group = defaultGroup } of vms) if (!named.has(group)) named.set(group, { name: group });
  for (const { name, after = [] } of named.values()) {
    const unknown = after.find((other) => !named.has(other));
    if (unknown !== undefined) throw refused(`group ${name} comes after ${unknown}, which is not there`, "Correct it.");
  }
  const used = new Set(vms.map(({ group }) => group ?? defaultGroup));
  const empty = [...named.keys()].find((name) => !used.has(name));
  if (empty !== undefined) throw refused(`the group ${empty} has no VM`, "Put VMs into it, or leave it out.");
  return [...named.values()].map((group) => ({ ...(pauseSeconds === undefined ? {} : { pauseSeconds }), ...group }));
}

function positionsOf({ defaults }: WaveRequest, vms: readonly WaveVm[]): Map<string, number> {
  const positions = new Map<string, number>();
  const seen = new Set<string>();
  for (const [position, { vm, from = defaults?.from }] of vms.entries()) {
    const place = JSON.stringify([from, vm]);
    if (seen.has(place)) throw refused(`${vm} of ${from} is in it twice`, "Name each VM once.");
    seen.add(place);
    positions.set(vm, position);
  }
  return positions;
}

function migrationOf({ defaults = {} }: WaveRequest, member: WaveVm): MigrationRequest {
  const { group: _group, after: _after, ...own } = member;
  const { from, to, ...rest } = { ...defaults, ...own };
  if (from !== undefined && to !== undefined) return { ...rest, from, to };
  throw refused(
    `where ${member.vm} ${from === undefined ? "is" : "goes"} is not said`,
    "Give from and to with each VM, or in the wave's defaults.",
  );
}

/** Places that are waited for in a circle would be waited for for ever. */
function refuseCircles(groups: readonly WaveGroup[], members: readonly WaveMember[], inOrder: boolean): void {
  const needs = new Map<string, readonly string[]>();
  for (const [index, { name, after = [] }] of groups.entries()) {
    const before = inOrder ? groups.slice(0, index).map((group) => group.name) : [];
    needs.set(
      `group ${name}`,
      [...after, ...before].map((other) => `end of ${other}`),
    );
    const inside = members.flatMap(({ group }, position) => (group === name ? [`VM ${position}`] : []));
    needs.set(`end of ${name}`, inside);
  }
  for (const [position, { group, after }] of members.entries()) {
    needs.set(`VM ${position}`, [`group ${group}`, ...after.map((other) => `VM ${other}`)]);
  }
  const done = new Set<string>();
  const visit = (what: string, path: ReadonlySet<string>): void => {
    if (done.has(what)) return;
    if (path.has(what)) {
      const vms = [...path].filter((each) => each.startsWith("VM ")).map((each) => members[Number(each.slice(3))]);
      const names = [...new Set(vms.map((member) => member?.request.vm))].slice(0, 5).join(", ");
      throw refused(`some of it waits for itself (${names || what})`, "Take one of the dependencies out.");
    }
    for (const other of needs.get(what) ?? []) visit(other, new Set([...path, what]));
    done.add(what);
  };
  for (const what of needs.keys()) visit(what, new Set());
}

function refused(reason: string, action: string): ProviderError {
  return new ProviderError("InvalidInput", { operation: "make the wave", resource: "wave", reason, action });
}
