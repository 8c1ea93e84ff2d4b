import { capabilities } from "../../providers/capabilities.ts";
import { type Capabilities, capabilityNames } from "../../providers/provider.ts";
import type { SiteSummary } from "../deps.ts";

const adapters: Readonly<Record<string, Capabilities>> = capabilities;

/** Every kind that this version can work with or that the configuration names, with what it can do and why not more. */
export function describeProviders(sites: readonly SiteSummary[]) {
  const kinds = new Set([...Object.keys(adapters), ...sites.map(({ kind }) => kind)]);
  return [...kinds].sort().map((kind) => {
    const gaps = adapters[kind];
    return {
      kind,
      sites: sites.filter((site) => site.kind === kind).map(({ site }) => site),
      supported: gaps !== undefined,
      capabilities: gaps
        ? capabilityNames.map((capability) => ({
            capability,
            supported: gaps[capability] === undefined,
            reason: gaps[capability],
          }))
        : [],
    };
  });
}
