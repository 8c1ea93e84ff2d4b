import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/proxy.ts");

/** A machine that users' requests go through while VMs move. */
export function addProxy(program: Command): void {
  const proxy = program.command("proxy").description("holds requests while a VM moves, so that none fails");
  proxy
    .command("run")
    .description("listen, forward and hold, until it is ended")
    .requiredOption("--listener <listener>", "'NAME http|tcp LISTEN BACKEND' (repeatable)", collect)
    .option("--control <host:port>", "take orders there", "127.0.0.1:8790")
    .option("--dir <folder>", "what it keeps: its token, and what it was told", "/var/lib/novacron-proxy")
    .option("--cert-file <file>", "its certificate (PEM), where its control is reached from other machines")
    .option("--key-file <file>", "the certificate's key")
    .action(async (_, command: Command) => {
      process.exitCode = await (await load()).runProxy(optionsOf(command));
    });
  proxy
    .command("show")
    .description("where its traffic goes, and what it holds")
    .option("--control <url>", "its control: a URL, or a socket of this machine", "http://127.0.0.1:8790")
    .option("--dir <folder>", "where its token is", "/var/lib/novacron-proxy")
    .action(async (_, command: Command) => (await load()).showProxy(optionsOf(command)));
}
