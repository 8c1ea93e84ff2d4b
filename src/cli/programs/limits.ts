import type { Command } from "commander";

/** When a figure is a reason. */
export function withLimits(command: Command): Command {
  return command
    .option("--over <value>", "above it; 90% is 0.9")
    .option("--at-least <value>", "at it and above")
    .option("--under <value>", "below it")
    .option("--at-most <value>", "at it and below")
    .option("--equals <value>", "at exactly this");
}
