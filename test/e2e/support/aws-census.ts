import type { Lab } from "../../support/lab.ts";

interface Resource {
  readonly kind: string;
  readonly id: string;
  readonly state?: string;
  readonly builtIn: boolean;
}

/** All that is in the simulated account, as the sandbox itself counts it: also what carries no tag of ours. */
export async function awsCensus(lab: Lab): Promise<string[]> {
  const { resources } = await lab.sandbox<{ resources: readonly Resource[] }>("GET", "/aws/census");
  return resources
    .filter(({ builtIn, state }) => !builtIn && state !== "terminated")
    .map(({ kind, id }) => `aws ${kind} ${id}`)
    .sort();
}
