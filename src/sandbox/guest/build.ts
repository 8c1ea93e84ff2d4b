import { ProviderError } from "../../domain/errors.ts";
import type { HostTools, ToolName } from "../../host/tools.ts";

/** What the tool printed. @throws ProviderError Unavailable when it fails. */
export async function run(tools: HostTools, tool: ToolName, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await tools.run(tool, args);
  if (exitCode === 0) return stdout;
  throw new ProviderError("Unavailable", {
    operation: "build the demo guest",
    resource: tool,
    reason: `it ended with ${exitCode}: ${stderr.trim().split("\n").slice(-3).join(" ")}`,
    action: "Check the free space of the state folder, then run the command again.",
  });
}

export function missing(what: string, why: string): ProviderError {
  return new ProviderError("Unavailable", {
    operation: "build the demo guest",
    resource: what,
    reason: why,
    action: "Let the launcher unpack packages (it needs apt's package lists), then run the command again.",
  });
}
