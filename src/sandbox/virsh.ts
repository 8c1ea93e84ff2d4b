import { ProviderError } from "../domain/errors.ts";
import type { HostTools } from "../host/tools.ts";

/** The few calls a sandbox makes to its own hosts. @throws ProviderError Unavailable with virsh's own words. */
export async function virsh(tools: HostTools, uri: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await tools.run("virsh", ["--quiet", "--connect", uri, ...args]);
  if (exitCode === 0) return stdout;
  throw new ProviderError("Unavailable", {
    operation: `run virsh ${args[0]}`,
    resource: uri,
    reason: (stderr || stdout).trim().replace(/\s*\n\s*/g, "; "),
    action: "Read the host's log in the instance's folder; `novacron down` and `up` start it anew.",
  });
}

/** UUIDs of the domains that run. */
export async function runningDomains(tools: HostTools, uri: string): Promise<string[]> {
  return (await virsh(tools, uri, ["list", "--uuid", "--state-running"])).split("\n").filter((line) => line !== "");
}
