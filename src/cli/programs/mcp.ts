import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

/** For assistants that speak the Model Context Protocol. */
export function addMcp(program: Command): void {
  program
    .command("mcp")
    .description("serve the calls that read and plan to an assistant (Model Context Protocol, on stdin and stdout)")
    .option("--only <tags>", "only calls of these tags: inventory,migrations,costs,…")
    .action(async (_, command: Command) => (await import("../commands/mcp.ts")).serveMcp(optionsOf(command)));
}
