import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/policies.ts");
const loadFindings = () => import("../commands/policy-findings.ts");
const loadRemediate = () => import("../commands/remediate.ts");
const loadExceptions = () => import("../commands/policy-exceptions.ts");

/** What has to hold of all resources. */
export function addPolicies(program: Command): void {
  const policies = program.command("policies").description("what has to hold of all resources, and what breaks it");
  policies
    .command("list")
    .description("all policies, with what the newest scan said")
    .action(async (_, command: Command) => (await load()).listPolicies(optionsOf(command)));
  policies
    .command("show")
    .argument("<policy>", "name or id")
    .description("one of them")
    .action(async (name: string, _, command: Command) => (await load()).showPolicy(name, optionsOf(command)));
  policies
    .command("apply")
    .argument("<file>", "YAML or JSON: a policy, or a list of them")
    .description("make the policies of a file; those whose names are there are changed")
    .action(async (file: string, _, command: Command) => (await load()).applyPolicies(file, optionsOf(command)));
  for (const [word, enabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    policies
      .command(word)
      .argument("<policy>", "name or id")
      .description(enabled ? "let it hold" : "let it hold no more; its findings stay")
      .action(async (name: string, _, command: Command) =>
        (await load()).switchPolicy(name, enabled, optionsOf(command)),
      );
  }
  policies
    .command("remove")
    .argument("<policy>", "name or id")
    .description("with its findings, exemptions and approvals")
    .option("--yes", "do not ask")
    .action(async (name: string, _, command: Command) => (await load()).removePolicy(name, optionsOf(command)));
  policies
    .command("packs")
    .description("policies to begin with, each with its source")
    .action(async (_, command: Command) => (await load()).listPacks(optionsOf(command)));
  policies
    .command("install")
    .argument("<pack>")
    .description("make the policies of a pack that aren't there yet")
    .action(async (pack: string, _, command: Command) => (await load()).installPack(pack, optionsOf(command)));
  addFindings(policies);
  addReport(policies);
  addExceptions(policies);
  addRemediations(policies);
}

function addReport(policies: Command): void {
  policies
    .command("report")
    .argument("<framework>", "cis, soc2, hipaa or gdpr")
    .description("how its controls stand, and what of them is not checked")
    .action(async (framework: string, _, command: Command) =>
      (await import("../commands/compliance.ts")).complianceReport(framework, optionsOf(command)),
    );
}

function addFindings(policies: Command): void {
  policies
    .command("scan")
    .description("hold everything against the policies now")
    .option("--no-wait", "start it only")
    .action(async (_, command: Command) => (await loadFindings()).scanPolicies(optionsOf(command)));
  policies
    .command("scans")
    .argument("[id]", "one of them, with what it said of each policy")
    .description("the newest scans")
    .action(async (id: string | undefined, _, command: Command) =>
      (await loadFindings()).showScans(id, optionsOf(command)),
    );
  policies
    .command("findings")
    .description("resources that break policies")
    .option("--policy <policy>", "of this one, by name or id")
    .option("--state <state>", "open, exempt or resolved", "open")
    .option("--site <site>", "at this one")
    .action(async (_, command: Command) => (await loadFindings()).listFindings(optionsOf(command)));
  policies
    .command("finding")
    .argument("<id>")
    .description("one of them, with what of the resource breaks the policy")
    .action(async (id: string, _, command: Command) => (await loadFindings()).showFinding(id, optionsOf(command)));
  policies
    .command("try")
    .argument("[policy]", "name or id of one that is there")
    .description("what a policy would find, now or over the past; keeps nothing")
    .option("--file <file>", "one that isn't there: YAML or JSON")
    .option("--from <moment>", "replay what the inventory was from then on: 30d, or a day")
    .option("--every-hours <n>", "between two moments (default: 24)")
    .action(async (name: string | undefined, _, command: Command) =>
      (await loadFindings()).tryPolicy(name, optionsOf(command)),
    );
}

function addRemediations(policies: Command): void {
  policies
    .command("remediate")
    .argument("<policy>", "name or id")
    .description("mend what breaks it: plans, shows the plan, and does exactly that")
    .option("--finding <id>", "only this one; may be given several times", collect)
    .option("--most <n>", "touch so many resources at most (default: 20)")
    .option("--dry-run", "plan only; novacron plans execute carries it out")
    .option("--yes", "do not ask")
    .action(async (name: string, _, command: Command) => (await loadRemediate()).remediate(name, optionsOf(command)));
  policies
    .command("undo")
    .argument("<operation>", "the id of a run that mended something")
    .description("take it back, but for what somebody has changed since")
    .option("--dry-run", "plan only")
    .option("--yes", "do not ask")
    .action(async (id: string, _, command: Command) => (await loadRemediate()).undoRemediation(id, optionsOf(command)));
  policies
    .command("approve")
    .argument("<policy>", "name or id")
    .description("let scans mend what breaks it, a few resources a run, until a moment")
    .requiredOption("--most <n>", "resources that one run may touch")
    .requiredOption("--reason <text>", "why")
    .requiredOption("--until <moment>", "a day, or how long from now: 30d")
    .action(async (name: string, _, command: Command) =>
      (await loadExceptions()).approveRemediations(name, optionsOf(command)),
    );
  policies
    .command("approvals")
    .description("what scans may mend by themselves")
    .option("--policy <policy>", "of this one, by name or id")
    .action(async (_, command: Command) => (await loadExceptions()).listStandingApprovals(optionsOf(command)));
  policies
    .command("revoke-approval")
    .argument("<id>")
    .description("end it now")
    .action(async (id: string, _, command: Command) =>
      (await loadExceptions()).revokeStandingApproval(id, optionsOf(command)),
    );
}

function addExceptions(policies: Command): void {
  policies
    .command("exempt")
    .argument("<policy>", "name or id")
    .description("let some resources break it until a moment")
    .requiredOption("--scope <search>", "which: 'site:onprem-a name:legacy-*'")
    .requiredOption("--owner <who>", "who answers for it")
    .requiredOption("--reason <text>", "why")
    .requiredOption("--until <moment>", "a day, or how long from now: 30d")
    .action(async (name: string, _, command: Command) => (await loadExceptions()).exempt(name, optionsOf(command)));
  const ofPolicy = "of this one, by name or id";
  policies
    .command("exemptions")
    .description("who may break what, and until when")
    .option("--policy <policy>", ofPolicy)
    .action(async (_, command: Command) => (await loadExceptions()).listExemptions(optionsOf(command)));
  policies
    .command("revoke-exemption")
    .argument("<id>")
    .description("end it now")
    .action(async (id: string, _, command: Command) =>
      (await loadExceptions()).revokeExemption(id, optionsOf(command)),
    );
}
