import { formerShapeTag } from "./former-shape.ts";
import type { CopyDiskParameters, CreateVmParameters, VerifyParameters } from "./migration-parts.ts";
import { actionParameters } from "./migration-plan.ts";
import { type MigrationTestRequest, type TestLifeParameters, testKind } from "./migration-test.ts";
import type { ObservedResource, Plan, PlanAction, PlanCheck, PlanChoice, PlanContent, PlanEstimates } from "./plan.ts";
import type { PrepareDiskParameters } from "./preparation.ts";
import { tagKeys } from "./vm.ts";

/** Beside the predicted copy and the hold: for a turn, for cloning and for booting, which are not predicted. */
const spareSeconds = 3600;

export interface TestObservations {
  readonly request: MigrationTestRequest;
  /** The plan of the move that is tested. */
  readonly base: Plan;
  /** The state of the migration whose replica is tested. */
  readonly migration?: { readonly migrationId: string; readonly state: string; readonly rounds: number };
  readonly source: { readonly ownWorkersOnly: boolean };
  readonly target: { readonly capabilityGaps: Readonly<Record<string, string>> };
}

export interface TestPlanParts extends PlanContent {
  readonly checks: readonly PlanCheck[];
  readonly estimates: PlanEstimates;
  readonly executable: boolean;
}

/** Checks of a move that say nothing of its test: the source is not touched, and its networks are not used. */
const notOfTests: readonly string[] = [
  ...["undo-window", "undo-follows", "deadline", "start-at", "target-name", "target-address"],
  ...["target-security-rules", "security-rule", "security-rules-unread", "target-network-rules"],
];

/** The pinned plan of a test: what is copied and cloned, what is started where nobody is reached, and what is looked for. */
export function planTest(seen: TestObservations): TestPlanParts {
  const { request, base, migration } = seen;
  const { vm, vmName, from, to } = base.inputs as Record<"vm" | "vmName" | "from" | "to", string>;
  const verify = verification(seen);
  const create = isolated(actionParameters<CreateVmParameters>(base, "create-vm"), verify);
  const life = lifeOf(seen);
  const copies = migration ? [] : base.actions.filter(({ action }) => action === "copy-disk");
  const checks = [
    ...(migration ? [replicaCheck(migration)] : base.checks.filter(({ check }) => !notOfTests.includes(check))),
    ...siteChecks(seen, verify),
    ...lifeCheck(seen, life),
  ];
  const at = (id: string) => ({ site: to, kind: "vm", id });
  const actions: PlanAction[] = [
    ...copies,
    ...preparing(base),
    {
      action: "clone-points",
      resource: { site: to, kind: "volume", id: vmName },
      detail: migration
        ? `Clone the newest proven round of migration ${migration.migrationId}; its replica is not touched`
        : `Clone what was copied; ${vmName} at ${from} runs on and is not touched`,
      parameters: {},
    },
    {
      action: "create-vm",
      resource: at(create.name),
      detail: `Create ${create.name} at ${to} in a network of its own, in which it reaches nobody`,
      parameters: { ...create },
    },
    {
      action: "verify-vm",
      resource: at(create.name),
      detail: `Start it and look for: ${describe(verify)}`,
      parameters: { ...verify },
    },
    {
      action: "tear-down",
      resource: at(create.name),
      detail: `Remove all that the test made${life.holdSeconds > 0 ? ` after ${life.holdSeconds} s` : ""}, ${life.maxLifeSeconds} s after its begin at the latest`,
      parameters: { ...life },
    },
  ];
  return {
    kind: testKind,
    inputs: { ...request, vm, vmName, from, to, basePlan: base.planId, baseHash: base.hash },
    observed: migration ? [] : ofSource(base.observed, from),
    choices: [
      ...(migration ? [] : base.choices.filter(({ what }) => what.startsWith("bytes to move"))),
      sourceOf(seen),
    ],
    actions,
    checks,
    estimates: migration
      ? { bytesToMove: 0, bytesNominal: 0, basis: "the replica is there; cloning and booting were not predicted" }
      : {
          bytesToMove: base.estimates.bytesToMove,
          bytesNominal: base.estimates.bytesNominal,
          ...(base.estimates.seconds === undefined ? {} : { seconds: base.estimates.seconds }),
          basis: `as for a move of it (${base.estimates.basis}); cloning and booting for the test were not predicted`,
        },
    executable: checks.every(({ result }) => result !== "fail"),
  };
}

/** The VM that is moved, off its networks, under a name of its own, and without the marks that are about the real one. */
function isolated(create: CreateVmParameters, verify: VerifyParameters): CreateVmParameters {
  const dropped: ReadonlySet<string> = new Set([tagKeys.lineage, tagKeys.migration, tagKeys.fencedBy, formerShapeTag]);
  const { securityGroups: _groups, publicAddress: _address, ...rest } = create;
  return {
    ...rest,
    name: `${create.name}-test`,
    nics: create.nics.slice(0, 1).map(({ mac }) => ({ networkId: "", ...(mac === undefined ? {} : { mac }) })),
    // Nothing of it can be reached but what is looked for.
    publishPorts: [...new Set([...verify.tcpPorts, ...verify.httpProbes.map(({ port }) => port)])],
    tags: Object.fromEntries(Object.entries(create.tags).filter(([key]) => !dropped.has(key))),
  };
}

function verification({ base, request, target }: TestObservations): VerifyParameters {
  const { stayOffBecause: _reason, ...planned } = actionParameters<VerifyParameters>(base, "verify-vm");
  const { bootProof, bootMarker, bootTimeoutMs, tcpProbes, httpProbes, probeTimeoutMs } = request.verify ?? {};
  const looks = bootProof !== false && target.capabilityGaps["compute.console-output"] === undefined;
  const marker = bootMarker ?? planned.bootMarker ?? base.subjects?.[0]?.tags?.[tagKeys.bootMarker] ?? "login:";
  return {
    ...planned,
    start: true,
    bootMarker: looks ? marker : undefined,
    bootTimeoutMs: bootTimeoutMs ?? planned.bootTimeoutMs,
    tcpPorts: tcpProbes ? tcpProbes.map(({ port }) => port) : planned.tcpPorts,
    httpProbes: httpProbes
      ? httpProbes.map((probe) => ({ ...probe, expectStatus: probe.expectStatus ?? 200 }))
      : planned.httpProbes,
    probeTimeoutMs: probeTimeoutMs ?? planned.probeTimeoutMs,
  };
}

function lifeOf(seen: TestObservations): TestLifeParameters {
  const { holdSeconds = 0, maxLifeSeconds } = seen.request;
  return { holdSeconds, maxLifeSeconds: maxLifeSeconds ?? Math.ceil(copySeconds(seen)) + spareSeconds + holdSeconds };
}

function copySeconds({ migration, base }: TestObservations): number {
  return migration ? 0 : (base.estimates.seconds ?? 0);
}

function lifeCheck(seen: TestObservations, { holdSeconds, maxLifeSeconds }: TestLifeParameters): PlanCheck[] {
  const needed = Math.ceil(copySeconds(seen)) + holdSeconds;
  if (maxLifeSeconds > needed) return [];
  return [
    {
      check: "test-life",
      result: "warn",
      detail: `It is torn down after ${maxLifeSeconds} s, and its copy and its hold alone are predicted to take ${needed} s`,
      remedy: "Give it a longer life, or leave that to the plan.",
    },
  ];
}

function siteChecks({ migration, source, target, base }: TestObservations, verify: VerifyParameters): PlanCheck[] {
  const { from, to } = base.inputs as Record<"from" | "to", string>;
  const { capabilityGaps: gaps } = target;
  const needs = (check: string, gap: string | undefined, fine: string, remedy: string): PlanCheck =>
    gap === undefined ? { check, result: "pass", detail: fine } : { check, result: "fail", detail: gap, remedy };
  const probes = verify.tcpPorts.length + verify.httpProbes.length;
  return [
    ...(source.ownWorkersOnly && !migration
      ? [
          needs(
            "test-source",
            `Only its own workers reach ${from}, and a test's copy by them is not built`,
            "",
            "Move it: the source is kept until its finalize.",
          ),
        ]
      : []),
    needs("test-start", gaps["compute.start"], `${to} can start it`, "Test at another site."),
    needs(
      "test-isolated",
      gaps["network.isolated"],
      `${to} gives it a network in which it reaches nobody`,
      "Test at another site: a second one of the same VM must not reach the first one's world.",
    ),
    ...(probes > 0
      ? [
          needs(
            "test-probes",
            gaps["network.isolated-probes"],
            "Its probes get through to it",
            "Leave the probes out; the boot proof is looked for on the console.",
          ),
        ]
      : []),
  ];
}

/** What of a prepared disk its test needs beside what is changed. */
export interface TestPreparation extends PrepareDiskParameters {
  readonly replicaId: string;
  readonly sizeBytes: number;
  readonly encryptionKey?: string;
}

/** A test boots what the move would: clones of prepared points, where it prepares some. */
function preparing({ actions }: Plan): PlanAction[] {
  const copies = actions
    .filter(({ action }) => action === "copy-disk")
    .map(({ parameters }) => parameters as unknown as CopyDiskParameters);
  return actions
    .filter(({ action }) => action === "prepare-disk")
    .map((action) => {
      const { diskId, changes } = action.parameters as unknown as PrepareDiskParameters;
      const copy = copies.find((each) => each.diskId === diskId);
      if (!copy) return action;
      const { replicaId, targetSizeBytes: sizeBytes, encryptionKey } = copy;
      const parameters: TestPreparation = {
        ...{ diskId, changes, replicaId, sizeBytes },
        ...(encryptionKey === undefined ? {} : { encryptionKey }),
      };
      return { ...action, parameters: { ...parameters } };
    });
}

function replicaCheck({ migrationId, state, rounds }: NonNullable<TestObservations["migration"]>): PlanCheck {
  const check = "test-replica";
  if (rounds > 0 && ["running", "awaiting-cutover", "paused"].includes(state)) {
    return { check, result: "pass", detail: `Migration ${migrationId} has ${rounds} proven round(s) at the target` };
  }
  return {
    check,
    result: "fail",
    detail:
      rounds > 0
        ? `Migration ${migrationId} is ${state}, and has no replica that follows its source`
        : `Migration ${migrationId} has no proven round at the target yet`,
    remedy: "Test a warm migration while it replicates, or the VM itself with novacron migrate VM --test.",
  };
}

function sourceOf({ migration, base }: TestObservations): PlanChoice {
  const what = "what is tested";
  if (migration) {
    return {
      what,
      chosen: "the newest proven round when it begins",
      why: "clones of it are booted, never the replica",
    };
  }
  const why = "no migration replicates it; its copy is removed with the test";
  return { what, chosen: `a point of ${String(base.inputs.vmName)}, copied for it`, why };
}

/** The target's networks are not used. */
function ofSource(observed: readonly ObservedResource[], from: string): ObservedResource[] {
  return observed.filter(({ site, kind }) => site === from || kind === "recovery-point" || kind === "map");
}

function describe({ bootMarker, tcpPorts, httpProbes }: VerifyParameters): string {
  return [
    bootMarker ? `/${bootMarker}/ on the console` : "no boot proof",
    ...tcpPorts.map((port) => `TCP ${port}`),
    ...httpProbes.map(({ port, path }) => `HTTP ${port}${path}`),
  ].join(", ");
}
