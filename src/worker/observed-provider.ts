import { isProviderError } from "../domain/errors.ts";
import type { Work } from "../domain/trace.ts";
import type { Provider } from "../providers/provider.ts";
import { currentWork, partOf, within } from "../telemetry/work.ts";

/** A call of the provider port that is over. */
export interface SiteCall {
  readonly site: string;
  /** `compute.startVm`. */
  readonly call: string;
  /** `ok`, an error's code, or `Cancelled`. */
  readonly code: string;
  readonly reason?: string | undefined;
  /** Undefined outside of any work, as when a worker starts. */
  readonly work: Work | undefined;
  readonly startedAt: number;
  readonly durationMs: number;
}

type NoFacet = "site" | "kind" | "capabilities" | "simulated" | "tagRules" | "check" | "census" | "close";
/** A facet that is new to the port has to be named here, or this does not compile. */
const facetNames = {
  compute: true,
  disks: true,
  network: true,
  images: true,
  snapshots: true,
  networkAdmin: true,
  objects: true,
  quotas: true,
  keys: true,
  loadBalancers: true,
  scalingGroups: true,
  tunnels: true,
  events: true,
  live: true,
  dns: true,
  loadBalancing: true,
  documents: true,
  metrics: true,
  alarms: true,
  costs: true,
} as const satisfies Readonly<Record<Exclude<keyof Provider, NoFacet>, true>>;
const facets: ReadonlySet<PropertyKey> = new Set(Object.keys(facetNames));
const ownCalls: ReadonlySet<PropertyKey> = new Set(["check", "census"]);

/** The same provider, with each call of it told of. What it opens (block sources and sinks) is not looked into: a disk is
 *  thousands of reads, and its copy counts them. */
export function observeProvider(provider: Provider, tell: (call: SiteCall) => void): Provider {
  const facetsSeen = new Map<PropertyKey, object>();
  const observe = (target: object, prefix: string): object => {
    const calls = new Map<PropertyKey, { value: unknown; call: AnyCall }>();
    return new Proxy(target, {
      get(_, key) {
        // Of the object itself: classes with private members know no stand-in.
        const value: unknown = Reflect.get(target, key, target);
        if (facets.has(key) && target === provider && isObject(value)) {
          const seen = facetsSeen.get(key) ?? observe(value, `${String(key)}.`);
          facetsSeen.set(key, seen);
          return seen;
        }
        if (typeof value !== "function") return value;
        const known = calls.get(key);
        if (known?.value === value) return known.call;
        const bound = value.bind(target) as AnyCall;
        const isTold = target !== provider || ownCalls.has(key);
        const call = isTold ? observed(provider.site, `${prefix}${String(key)}`, bound, tell) : bound;
        calls.set(key, { value, call });
        return call;
      },
    });
  };
  return observe(provider, "") as Provider;
}

type AnyCall = (...args: unknown[]) => unknown;

function observed(site: string, call: string, run: AnyCall, tell: (call: SiteCall) => void): AnyCall {
  return (...args) => {
    const asking = currentWork();
    const work = asking && partOf(asking, { site, ...vmOf(call, args[0]) });
    const startedAt = Date.now();
    const clock = performance.now();
    const end = (error?: unknown): void =>
      tell({ site, call, ...outcomeOf(error), work, startedAt, durationMs: performance.now() - clock });
    const inside = <T>(part: () => T): T => (work ? within(work, part) : part());
    let result: unknown;
    try {
      result = inside(() => run(...args));
    } catch (error) {
      end(error);
      throw error;
    }
    if (result instanceof Promise) {
      result.then(() => end(), end);
      return result;
    }
    return isIterable(result) ? listed(result, inside, end) : result;
  };
}

/** A list is one call, from its first page to its last or to where its reader had enough. */
async function* listed(
  list: AsyncIterable<unknown>,
  inside: <T>(part: () => T) => T,
  end: (error?: unknown) => void,
): AsyncGenerator {
  const iterator = inside(() => list[Symbol.asyncIterator]());
  let failure: unknown;
  try {
    for (;;) {
      const step = await inside(() => iterator.next());
      if (step.done) return;
      yield step.value;
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    end(failure);
    await iterator.return?.();
  }
}

function outcomeOf(error: unknown): Pick<SiteCall, "code" | "reason"> {
  if (error === undefined) return { code: "ok" };
  const reason = error instanceof Error ? error.message : undefined;
  if (isProviderError(error)) return { code: error.code, reason };
  const name = error instanceof Error ? error.name : "";
  return { code: /^(?:Abort|Cancel)/.test(name) ? "Cancelled" : "Unknown", reason };
}

/** Most calls of a VM begin with its id; others have it as a member. */
function vmOf(call: string, first: unknown): Pick<Work, "vmId"> {
  if (typeof first === "string")
    return /^(?:compute\.|disks\.(?:peek|inspectSource)$)/.test(call) ? { vmId: first } : {};
  const vmId = isObject(first) && "vmId" in first ? first.vmId : undefined;
  return typeof vmId === "string" ? { vmId } : {};
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === "object";
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return isObject(value) && Symbol.asyncIterator in value;
}
