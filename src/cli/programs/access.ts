import type { Command } from "commander";
import type { Role } from "../commands/access.ts";
import { collect, optionsOf } from "../commands/options.ts";

const roleNames = "viewer, operator, approver, admin, auditor";
const load = () => import("../commands/access.ts");

/** Who may do what: users, roles, tokens. */
export function addAccess(program: Command): void {
  program
    .command("login")
    .description("sign in at the identity provider, with a browser")
    .option("--no-browser", "only print where to go")
    .option("--step-up", "with a second factor: for what destroys, approves or hands out access")
    .action(async (_, command: Command) => (await import("../commands/login.ts")).login(optionsOf(command)));
  program
    .command("logout")
    .description("end the session")
    .action(async (_, command: Command) => (await import("../commands/login.ts")).logout(optionsOf(command)));
  program
    .command("whoami")
    .description("who you are here, and what you may do where")
    .action(async (_, command: Command) => (await load()).whoAmI(optionsOf(command)));
  addTokens(program.command("tokens").description("API tokens for programs"));
  addUsers(program.command("users").description("people"));
  addRoles(program.command("roles").description("who holds which role where"));
}

function addTokens(tokens: Command): void {
  tokens
    .command("list")
    .description("all of them, without their secrets")
    .action(async (_, command: Command) => (await load()).listTokens(optionsOf(command)));
  withScope(
    tokens
      .command("create")
      .argument("<name>")
      .description("make one; its secret is shown once")
      .option("--role <role>", `what it may do: ${roleNames} (repeatable)`, collect)
      .option("--only <permission>", "no more than this of it (repeatable)", collect)
      .option("--user <id>", "whose it is: it never does more than they may")
      .option("--days <n>", "how long it lives, at most 366 (default: 90)")
      .option("--file <file>", "put the secret there (0600) instead of onto the screen"),
  ).action(async (name: string, _, command: Command) => (await load()).createToken(name, optionsOf(command)));
  tokens
    .command("rotate")
    .argument("<id>")
    .description("give it another secret")
    .option("--grace <seconds>", "how long the one before works on (default: 3600)")
    .option("--file <file>", "put the secret there (0600) instead of onto the screen")
    .action(async (id: string, _, command: Command) => (await load()).rotateToken(id, optionsOf(command)));
  tokens
    .command("revoke")
    .argument("<id>")
    .description("nothing accepts it any more")
    .option("--yes", "do not ask")
    .action(async (id: string, _, command: Command) => (await load()).revokeToken(id, optionsOf(command)));
}

function addUsers(users: Command): void {
  users
    .command("list")
    .description("those who signed in or were entered")
    .action(async (_, command: Command) => (await load()).listUsers(optionsOf(command)));
  users
    .command("add")
    .argument("<name>")
    .description("enter somebody who uses tokens only")
    .option("--email <address>")
    .action(async (name: string, _, command: Command) => (await load()).addUser(name, optionsOf(command)));
  const orders = { disable: "accept nothing of theirs any more", enable: "accept them again" } as const;
  for (const order of Object.keys(orders) as (keyof typeof orders)[]) {
    users
      .command(order)
      .argument("<id>")
      .description(orders[order])
      .action(async (id: string, _, command: Command) => (await load()).switchUser(order, id, optionsOf(command)));
  }
}

function addRoles(bindings: Command): void {
  bindings
    .command("list")
    .description("every role that was given")
    .option("--holder <holder>", "of user/ID, group/NAME or token/ID only")
    .action(async (_, command: Command) => (await load()).listRoles(optionsOf(command)));
  withScope(
    bindings
      .command("grant")
      .argument("<role>", roleNames)
      .argument("<holder>", "user/ID, group/NAME or token/ID")
      .description("give one"),
  ).action(async (role: Role, holder: string, _, command: Command) =>
    (await load()).grantRole(role, holder, optionsOf(command)),
  );
  bindings
    .command("take")
    .argument("<id>", "of the binding")
    .description("take one back")
    .action(async (id: string, _, command: Command) => (await load()).takeRole(id, optionsOf(command)));
}

function withScope(command: Command): Command {
  return command
    .option("--site <site>", "at this site")
    .option("--project <project>", "for what carries the tag project=PROJECT")
    .option("--tag <key=value>", "for what carries this tag (repeatable: all of them)", collect)
    .option("--everywhere", "without limits");
}
