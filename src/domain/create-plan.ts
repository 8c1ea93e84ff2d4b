import { type Candidate, candidateAt, fits } from "./create-candidate.ts";
import type { CreateObservations } from "./create-observations.ts";
import { gib } from "./format.ts";
import { formatMoney } from "./money.ts";
import type { WordedStep } from "./operate-decision.ts";
import type { OperationPlanParts } from "./operate-plan.ts";
import type { NewVmDisk, NewVmParameters, OperationKind } from "./operation.ts";
import type { ObservedResource, PlanAction, PlanCheck, PlanChoice } from "./plan.ts";
import { tagKeys } from "./vm.ts";

const shownLeftOut = 6;

/** The pinned plan of a new VM: at the site that was named, or at the cheapest that will do. A price that isn't known is never
 *  the cheapest. */
export function planCreate(seen: CreateObservations): OperationPlanParts {
  const { request } = seen;
  const candidates = seen.sites.map((site) => candidateAt(site, seen));
  const able = candidates.filter(fits).sort(byCost);
  const [best] = able;
  const { site: asked, name } = request;
  const { sites: _looked, ...wishes } = request;
  const shared = {
    kind: "create-vm" satisfies OperationKind,
    inputs: { ...wishes, looked: seen.sites.map(({ site }) => site), parallel: 1, names: [name] },
  };
  const basis = "no bytes are moved; how long sites take for it was not measured";
  const estimates = { bytesToMove: 0, bytesNominal: 0, basis };
  if (!best) {
    const checks = asked === undefined ? [noSite(candidates)] : candidates.flatMap((candidate) => candidate.checks);
    return { ...shared, observed: [], choices: [], actions: [], checks, estimates, executable: false };
  }
  const steps = stepsAt(best, seen);
  const actions = steps.map(({ step: { action, ...parameters }, detail, resource }): PlanAction => {
    const at = { site: best.site, ...(resource ?? { kind: "vm", id: name }) };
    return { action, resource: at, detail, parameters: { item: 0, name, ...parameters } };
  });
  const choices = asked === undefined ? [siteChoice(able, candidates), ...best.choices] : best.choices;
  return {
    ...shared,
    observed: observedAt(best, request.recoveryPoint),
    choices,
    actions,
    ...(best.judged ? { judged: [best.judged] } : {}),
    checks: [
      ...best.checks,
      { check: "site", result: "pass", detail: `${name} can be made at ${best.site}` },
      priceCheck(best),
    ],
    estimates: { ...estimates, ...(best.monthly ? { monthly: best.monthly } : {}) },
    executable: true,
  };
}

/** How much of a month's price is known: all of it, that of the size at least, or nothing. */
function knowledge({ monthly }: Candidate): 0 | 1 | 2 {
  if (!monthly?.total) return 2;
  return monthly.complete ? 0 : 1;
}

/** What is known to the last line comes first; then what is known of the rest, by that; then what nothing is known of, by
 *  name. */
function byCost(a: Candidate, b: Candidate): number {
  const month = ({ monthly }: Candidate) => monthly?.total?.micros ?? 0;
  return knowledge(a) - knowledge(b) || month(a) - month(b) || (a.site < b.site ? -1 : 1);
}

function describeMonth({ monthly }: Candidate): string {
  if (!monthly?.total) return "price not known";
  return monthly.complete ? `${formatMoney(monthly.total)} a month` : `at least ${formatMoney(monthly.total)} a month`;
}

function whyCheapest(best: Candidate, among: number): string {
  switch (knowledge(best)) {
    case 0:
      return `it is the cheapest of ${among} that will do, ${describeMonth(best)}`;
    case 1:
      return `of ${among} that will do no whole price is known; by what is known it is the cheapest, ${describeMonth(best)}`;
    case 2:
      return `of ${among} that will do no price is known; it is the first by name`;
  }
}

function siteChoice(able: readonly Candidate[], all: readonly Candidate[]): PlanChoice {
  const [best, ...next] = able as [Candidate, ...Candidate[]];
  const left = all.filter((candidate) => !fits(candidate));
  const parts = [
    whyCheapest(best, able.length),
    next.length > 0 ? `next ${next.map((each) => `${each.site} (${describeMonth(each)})`).join(", ")}` : "",
    left.length > 0 ? `left out: ${describeLeft(left)}` : "",
  ];
  return { what: "site", chosen: best.site, why: parts.filter(Boolean).join("; ") };
}

function describeLeft(left: readonly Candidate[]): string {
  const shown = left.slice(0, shownLeftOut).map(({ site, checks }) => {
    const detail = checks.find(({ result }) => result === "fail")?.detail ?? "";
    return detail.includes(site) ? detail : `${site}: ${detail}`;
  });
  return [...shown, ...(left.length > shownLeftOut ? [`${left.length - shownLeftOut} more`] : [])].join("; ");
}

function noSite(candidates: readonly Candidate[]): PlanCheck {
  const why = candidates.length === 0 ? "there is no site that you may make it at" : describeLeft(candidates);
  const remedy = "Ask for less, or name a site with --site to see all that stands against it.";
  return { check: "site", result: "fail", detail: `No site will do: ${why}`, remedy };
}

function priceCheck(best: Candidate): PlanCheck {
  const { monthly, site } = best;
  if (!monthly) {
    const detail = `What it costs at ${site} is not known: it has no price list`;
    return { check: "price", result: "warn", detail, remedy: "Nothing has to be done." };
  }
  if (monthly.complete) return { check: "price", result: "pass", detail: `${describeMonth(best)} at ${site}` };
  const missing = monthly.items.flatMap(({ what, unknown }) => (unknown ? [`${what} needs ${unknown}`] : []));
  const detail = `${describeMonth(best)} at ${site}; not known: ${missing.join("; ")}`;
  return { check: "price", result: "warn", detail, remedy: "Nothing has to be done." };
}

function stepsAt(best: Candidate, { request, defaults, sites }: CreateObservations): WordedStep[] {
  const { site, image, network, offerings, bus, diskBytes } = best;
  const { name, recoveryPoint, encryptionKey, start = true } = request;
  const gaps = sites.find((each) => each.site === site)?.there?.capabilityGaps ?? {};
  const empty = image ? diskBytes.slice(1) : diskBytes;
  const volumes: WordedStep[] = [
    ...(recoveryPoint === undefined ? [] : [cloneStep(site, recoveryPoint)]),
    ...empty.map((sizeBytes, index) => {
      const { type } = request.disks?.[index] ?? {};
      return volumeStep(site, {
        sizeBytes,
        ...(type === undefined ? {} : { type }),
        ...(encryptionKey === undefined ? {} : { encryptionKey }),
        ...(network?.zone === undefined ? {} : { zone: network.zone }),
      });
    }),
  ];
  const bootDisk = {
    ...(diskBytes[0] !== undefined && request.bootDiskBytes !== undefined ? { sizeBytes: diskBytes[0] } : {}),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  };
  const create: NewVmParameters = {
    name,
    cpus: request.cpus,
    memoryBytes: request.memoryBytes,
    ...(offerings.length > 0
      ? { instanceTypes: offerings.map(({ type }) => type.name), capacityType: best.capacityType }
      : {}),
    ...(best.securityGroups ? { securityGroups: best.securityGroups } : {}),
    ...(request.publicAddress === undefined ? {} : { publicAddress: request.publicAddress }),
    ...(image ? { image: { imageId: image.imageId, bootDisk } } : {}),
    firmware: best.firmware,
    architecture: request.architecture ?? "x86_64",
    disks: volumes.map((_volume, index) => ({ bus, boot: !image && index === 0 })),
    nics: network ? [{ networkId: network.networkId }] : [],
    publishPorts: request.publishPorts ?? [],
    tags: { ...request.tags, [tagKeys.managed]: "true" },
  };
  const size = offerings[0]?.type.name ?? `${request.cpus} CPU, ${gib(request.memoryBytes)} GiB`;
  const from = image ? `image ${image.name}` : recoveryPoint ? `recovery point ${recoveryPoint}` : "empty disks";
  const runsAtOnce = gaps["compute.create-stopped"] !== undefined;
  const canStart = gaps["compute.start"] === undefined;
  return [
    ...volumes,
    { step: { action: "create-vm", create }, detail: `Create ${name} (${size}) at ${site} from ${from}` },
    ...(start && !runsAtOnce && canStart
      ? [{ step: { action: "start-vm" as const }, detail: `Start ${name} at ${site}` }]
      : []),
    ...(!start && runsAtOnce
      ? [
          {
            step: { action: "stop-vm" as const, graceMs: defaults.stopGraceMs },
            detail: `Turn ${name} off again: ${gaps["compute.create-stopped"]}`,
          },
        ]
      : []),
  ];
}

function volumeStep(site: string, disk: NewVmDisk): WordedStep {
  const detail = `Create an empty disk of ${Math.ceil(disk.sizeBytes / 2 ** 20)} MiB at ${site}`;
  return { step: { action: "create-volume", disk }, detail, resource: { kind: "volume", id: "new" } };
}

function cloneStep(site: string, pointId: string): WordedStep {
  const detail = `Clone recovery point ${pointId} at ${site}`;
  return { step: { action: "clone-point", pointId }, detail, resource: { kind: "recovery-point", id: pointId } };
}

function observedAt({ site, network, securityGroups = [] }: Candidate, point: string | undefined): ObservedResource[] {
  return [
    ...(network ? [{ site, kind: "network", id: network.networkId, version: "active" }] : []),
    ...securityGroups.map((id) => ({ site, kind: "security-group", id, version: "present" })),
    ...(point === undefined ? [] : [{ site, kind: "recovery-point", id: point, version: "intact" }]),
  ];
}
