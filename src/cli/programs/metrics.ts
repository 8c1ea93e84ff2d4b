import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/metrics.ts");

/** Figures over time. */
export function addMetrics(program: Command): void {
  const metrics = program.command("metrics").description("what sites measure of VMs, and what others push");
  metrics
    .command("list")
    .description("which figures are kept")
    .option("--site <site>", "of one site")
    .action(async (_, command: Command) => (await load()).listMetrics(optionsOf(command)));
  metrics
    .command("show")
    .argument("<site>")
    .argument("<metric>", "such as cpu.utilisation")
    .description("one figure of all resources of a site, or point by point of one")
    .option("--resource <id>", "of one VM, or what else it is of")
    .option("--since <duration>", "from how long ago", "1h")
    .option("--step <duration>", "the span of a point (default: what gives some hundred)")
    .action(async (site: string, metric: string, _, command: Command) =>
      (await load()).showMetric(site, metric, optionsOf(command)),
    );
  metrics
    .command("push")
    .argument("<site>")
    .argument("<resource>", "a VM's id, or what else it is of")
    .argument("<metric>", "such as queue.depth")
    .argument("<value>")
    .description("give a figure that no site measures")
    .action(async (site: string, resource: string, metric: string, value: string, _, command: Command) =>
      (await load()).pushMetric(site, resource, metric, value, optionsOf(command)),
    );
}
