import type { Alternative, UsedVm } from "./alternatives.ts";
import { peaksOf } from "./capacity.ts";
import { interruptibleTag, type VmFacts } from "./facts.ts";
import { costs, month, riskOf, share, trust } from "./figures.ts";
import { shareOff } from "./off-hours.ts";
import type { Offer } from "./offers.ts";
import type { Recommendation } from "./recommendation.ts";
import { measuredDays } from "./usage.ts";

/** What was chosen for a VM, in words for a person. */
export function recommendVm(vm: VmFacts, used: UsedVm, alternative: Alternative, nowMs: number): Recommendation {
  const { offer: present } = used;
  const { offer, off, chanceOfHarm } = alternative;
  const { confidence, age } = trust(1 - chanceOfHarm, offer, nowMs);
  const reversal = {
    stop: "Start it again; its disks stay.",
    schedule: "End the schedule and start it.",
    rightsize: `Resize it to ${present.instanceType} again.`,
    spot: "Run it on demand again.",
    architecture: "Keep the former VM until the new one has proven itself, and start that one again.",
    keep: "",
  }[alternative.kind];
  const type = alternative.kind === "keep" ? "rightsize" : alternative.kind;
  return {
    ...vm.subject,
    recommended: true,
    ...costs(month(present.hourMicros, present.currency), month(alternative.hourMicros, offer.currency)),
    ...{ type, confidence, reversal, action: actionOf(vm, alternative, present) },
    risk: riskOf(chanceOfHarm, alternative.kind === "architecture"),
    evidence: [
      ...evidenceOf(used),
      ...(alternative.kind === "spot" ? spotEvidence(offer) : []),
      `Chance of harm within the next weeks: ${share(chanceOfHarm)}.`,
      ...age,
    ],
    ...(offer === present ? {} : { instanceType: offer.instanceType }),
    ...(off ? { off } : {}),
  };
}

function actionOf({ subject: { name } }: VmFacts, { kind, offer, off }: Alternative, present: Offer): string {
  const size = `${offer.instanceType} (${offer.cpus} CPUs, ${(offer.memoryBytes / 2 ** 30).toFixed(1)} GiB)`;
  if (kind === "stop") return `Stop ${name}: nobody used it.`;
  const smaller = offer === present ? "" : ` and run it as ${size}`;
  if (off) return `Turn ${name} off in ${off.name}, ${(shareOff(off) * 100).toFixed(0)} % of the week${smaller}.`;
  if (kind === "spot") return `Run ${name} on spot capacity as ${size}.`;
  if (kind === "architecture") return `Build ${name} for ${offer.architecture} and run it as ${size}.`;
  return `Resize ${name} from ${present.instanceType} to ${size}.`;
}

function evidenceOf({ usage, cpus, memoryBytes }: UsedVm): string[] {
  const peaks = peaksOf(usage);
  const rate = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB/s`;
  return [
    `Measured for ${measuredDays(usage.cpu, usage.stepSeconds).toFixed(1)} days.`,
    `CPU: at most ${peaks.highestCpus.toFixed(2)} of ${cpus}, 99.8 % of the time below ${peaks.cpus.toFixed(2)}.`,
    peaks.memoryBytes === undefined
      ? "Memory is not measured: no smaller memory is proposed."
      : `Memory: at most ${(peaks.memoryBytes / 2 ** 30).toFixed(2)} of ${(memoryBytes / 2 ** 30).toFixed(2)} GiB in two samples running.`,
    ...(peaks.networkBytesPerSecond === undefined
      ? []
      : [`Network: 99 % of the time below ${rate(peaks.networkBytesPerSecond)}.`]),
    ...(peaks.diskBytesPerSecond === undefined
      ? []
      : [`Disks: 99 % of the time below ${rate(peaks.diskBytesPerSecond)}.`]),
  ];
}

/** Bands as AWS's Spot Advisor has them: below 5 % a month, then in steps of five. */
function spotEvidence({ interruptionBand: band }: Offer): string[] {
  const often =
    band === undefined
      ? "How often such capacity is taken back is not known."
      : `Such capacity is taken back from ${band === 0 ? "fewer than 5" : `${band * 5} to ${band * 5 + 5}`} in a hundred a month.`;
  return [`Its tag ${interruptibleTag} says that it may be taken away at any time.`, often];
}
