/** Costs that nobody has by themselves, and how they are divided. Shares are of those that have costs of their own. */
export interface SplitRule {
  readonly ruleId: string;
  readonly name: string;
  /** What it divides, as a filter of costs: `account=shared;category=Usage`. */
  readonly where: string;
  /** `even`: each the same; `weight`: as {@link weights} say; `use`: as their own effective costs are. */
  readonly method: "even" | "weight" | "use";
  /** Of `weight`: who gets how many parts. Who isn't named gets none. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The only ones among whom it is divided; absent are all who have costs. */
  readonly among?: readonly string[];
}

export interface ChargedShare {
  readonly rule: string;
  readonly micros: number;
}

export interface ChargebackLine {
  /** A team or project; absent is what carries no such tag. */
  readonly owner?: string;
  readonly directMicros: number;
  readonly shares: readonly ChargedShare[];
  readonly totalMicros: number;
}

export interface Chargeback {
  readonly currency: string;
  readonly lines: readonly ChargebackLine[];
  /** Shared costs that could not be divided, with the reason. */
  readonly undivided: readonly { readonly rule: string; readonly micros: number; readonly reason: string }[];
  /** Direct costs and shares; all that was to be charged. */
  readonly totalMicros: number;
}

/**
 * Divides shared costs among those who have costs of their own. No millionth is lost or made: what doesn't come out even goes
 * to the largest remainders. What carries no tag is shown and takes no share: nobody would pay it.
 */
export function chargeBack(
  currency: string,
  direct: readonly { readonly owner?: string; readonly micros: number }[],
  pools: readonly { readonly rule: SplitRule; readonly micros: number }[],
): Chargeback {
  const owners = direct.flatMap(({ owner, micros }) => (owner === undefined ? [] : [{ owner, micros }]));
  const shares = new Map<string, ChargedShare[]>();
  const undivided: Chargeback["undivided"][number][] = [];
  for (const { rule, micros } of pools) {
    if (micros === 0) continue;
    const parts = partsOf(rule, owners);
    const total = [...parts.values()].reduce((sum, part) => sum + part, 0);
    if (!(total > 0)) {
      undivided.push({ rule: rule.name, micros, reason: whyNot(rule) });
      continue;
    }
    for (const [owner, share] of divide(micros, parts)) {
      shares.set(owner, [...(shares.get(owner) ?? []), { rule: rule.name, micros: share }]);
    }
  }
  const known = new Set(owners.map(({ owner }) => owner));
  const all = [
    ...direct,
    // Somebody who is given weight and has nothing of their own.
    ...[...shares.keys()].filter((owner) => !known.has(owner)).map((owner) => ({ owner, micros: 0 })),
  ];
  const lines = all.map(({ owner, micros }): ChargebackLine => {
    const own = owner === undefined ? [] : (shares.get(owner) ?? []);
    const totalMicros = micros + own.reduce((sum, share) => sum + share.micros, 0);
    return { ...(owner === undefined ? {} : { owner }), directMicros: micros, shares: own, totalMicros };
  });
  const rest = undivided.reduce((sum, { micros }) => sum + micros, 0);
  return {
    currency,
    lines: lines.sort((a, b) => b.totalMicros - a.totalMicros || (a.owner ?? "").localeCompare(b.owner ?? "")),
    undivided,
    totalMicros: lines.reduce((sum, { totalMicros }) => sum + totalMicros, rest),
  };
}

function partsOf(
  { method, weights = {}, among }: SplitRule,
  owners: readonly { readonly owner: string; readonly micros: number }[],
): ReadonlyMap<string, number> {
  if (method === "weight") {
    return new Map(Object.entries(weights).filter(([owner]) => !among || among.includes(owner)));
  }
  const within = owners.filter(({ owner }) => !among || among.includes(owner));
  if (method === "even") return new Map((among ?? within.map(({ owner }) => owner)).map((owner) => [owner, 1]));
  // A credit that exceeds somebody's use earns them no negative share.
  return new Map(within.map(({ owner, micros }) => [owner, Math.max(0, micros)]));
}

function whyNot({ method, among }: SplitRule): string {
  if (method === "weight") return "no weight is given";
  const who = among ? `of ${among.join(", ")}` : "";
  return method === "even" ? "nobody has costs of their own" : `nobody ${who} has used anything`.replace("  ", " ");
}

/** By the largest remainder: the shares are whole millionths and add up to the whole. */
function divide(micros: number, parts: ReadonlyMap<string, number>): [string, number][] {
  const total = [...parts.values()].reduce((sum, part) => sum + part, 0);
  const exact = [...parts].map(([owner, part]) => ({ owner, exact: (micros * part) / total }));
  const floored = exact.map((share) => ({ ...share, whole: Math.floor(share.exact) }));
  let left = micros - floored.reduce((sum, { whole }) => sum + whole, 0);
  const order = [...floored].sort((a, b) => b.exact - b.whole - (a.exact - a.whole) || (a.owner < b.owner ? -1 : 1));
  const extra = new Map<string, number>();
  for (const { owner } of order) {
    if (left <= 0) break;
    extra.set(owner, 1);
    left -= 1;
  }
  return floored.map(({ owner, whole }) => [owner, whole + (extra.get(owner) ?? 0)]);
}
