import type { MigrationObservations } from "./migration-parts.ts";
import type { PlanAction, PlanCheck } from "./plan.ts";
import type { Vm } from "./vm.ts";

/** What a person asks for. */
export interface UndoOptions {
  /** How long after the cutover the source follows what the target writes. */
  readonly windowSeconds: number;
  /** Between two rounds. Default 30. */
  readonly roundPauseSeconds?: number;
  /** The name of a map from the target to the source, for the way home. Default the networks that it had there. */
  readonly map?: string;
}

/** The same with its defaults, as a plan pins it. */
export interface UndoParameters {
  readonly windowSeconds: number;
  readonly roundPauseSeconds: number;
  readonly map?: string;
}

/** `open`: `undo` brings the VM home with all its data. `undoing`: it is on its way. `undone`: it serves at home again,
 *  and a finalize removes what is left of both. `closed`: the window has ended. */
export const undoStates = ["open", "undoing", "undone", "closed"] as const;
export type UndoState = (typeof undoStates)[number];

export interface UndoView {
  readonly state: UndoState;
  /** When the window ends. */
  readonly until: string;
  /** The migration that carries the changes home, while there is one; its rounds say how far the source is behind. */
  readonly migrationId?: string;
  /** Why nothing is carried home meanwhile; an undo then moves the difference when it is asked for. */
  readonly reason?: string;
}

const defaultRoundPauseSeconds = 30;

/** How long the source stays ready to take over again, and what that needs of both sites. */
export function planUndo({ request, vm, source, target }: MigrationObservations): {
  actions: readonly PlanAction[];
  checks: readonly PlanCheck[];
} {
  if (!request.undo) return { actions: [], checks: [] };
  const { windowSeconds, roundPauseSeconds = defaultRoundPauseSeconds, map } = request.undo;
  const parameters: UndoParameters = { windowSeconds, roundPauseSeconds, ...(map === undefined ? {} : { map }) };
  const gap =
    request.point === "freeze"
      ? "a copy of a frozen moment takes nothing over, so there is nothing to undo"
      : (source.capabilityGaps["compute.create"] ??
        source.capabilityGaps["disks.replica"] ??
        target.capabilityGaps["disks.source-stopped"]);
  const follows = vm.state === "running" ? target.capabilityGaps["disks.source-frozen"] : undefined;
  return {
    actions: [
      {
        action: "undo-window",
        resource: { site: request.from, kind: "vm", id: vm.vmId },
        detail: `Keep ${vm.name} at ${request.from} fenced for ${windowSeconds} s more, and carry home what its successor writes${map === undefined ? "" : `, by the map ${map}`}`,
        parameters: { ...parameters },
      },
    ],
    checks: [
      gap === undefined
        ? { check: "undo-window", result: "pass", detail: `${request.from} can take the VM back with what was written` }
        : { check: "undo-window", result: "fail", detail: gap, remedy: "Leave the undo window out." },
      ...(follows === undefined
        ? []
        : [
            {
              check: "undo-follows",
              result: "warn" as const,
              detail: `Nothing can be carried home while it runs: ${follows}`,
              remedy: "Nothing has to be done: an undo stops the VM and moves the difference then, which takes longer.",
            },
          ]),
    ],
  };
}

/** Of each network that a VM is in now the one that it had at home, where that is clear and still there; its NICs are in one
 *  order. Undefined where it is of none. */
export function networksHome(
  now: Vm["nics"],
  before: Vm["nics"],
  there: ReadonlySet<string>,
): Readonly<Record<string, string>> | undefined {
  if (now.length !== before.length) return undefined;
  const had = Map.groupBy(now.entries(), ([, { networkId }]) => networkId);
  const pairs = [...had].flatMap(([networkId, nics]) => {
    const [one, ...others] = new Set(nics.map(([index]) => before[index]?.networkId));
    return one !== undefined && others.length === 0 && there.has(one) ? [[networkId, one] as const] : [];
  });
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}
