import type { HostTools, RunResult } from "../../host/tools.ts";
import { type Subject } from "../failures.ts";
import type { CallBudget } from "../provider.ts";
import { toolFailure } from "./errors.ts";
import { lineOf, VirshSessions } from "./virsh-sessions.ts";

/** Asks one host by virsh. Every call takes its share of the site's call budget. */
export class Virsh {
  readonly #tools: HostTools;
  readonly #uri: string;
  readonly #budget: CallBudget;
  readonly #sessions: VirshSessions;

  constructor(tools: HostTools, uri: string, budget: CallBudget) {
    this.#tools = tools;
    this.#uri = uri;
    this.#budget = budget;
    this.#sessions = new VirshSessions(tools, uri);
  }

  /** Ends the connections that wait for the next question. */
  close(): Promise<void> {
    return this.#sessions.close();
  }

  /** @throws ProviderError as the table of errors says. */
  async run(args: readonly string[], subject: Subject, signal: AbortSignal, input?: string): Promise<string> {
    const result = await this.attempt(args, signal, input);
    if (result.exitCode !== 0) throw toolFailure("virsh", result.stderr || result.stdout, subject);
    return result.stdout;
  }

  /** A failure is a result. */
  async attempt(args: readonly string[], signal: AbortSignal, input?: string, timeoutMs?: number): Promise<RunResult> {
    await this.#budget.take(signal);
    const line = input === undefined ? lineOf(args) : undefined;
    if (line !== undefined) return this.#sessions.ask(line, signal, timeoutMs);
    return this.#tools.run("virsh", ["--quiet", "--connect", this.#uri, ...args], { signal, input, timeoutMs });
  }

  /** A failure is a result; with what virsh says in so many words where a command gives no other answer. */
  async tell(args: readonly string[], signal: AbortSignal): Promise<RunResult> {
    await this.#budget.take(signal);
    return this.#tools.run("virsh", ["--connect", this.#uri, ...args], { signal });
  }

  /** Runs until the signal aborts or the connection ends, and hands over each line of output as it comes. */
  async follow(args: readonly string[], onLine: (line: string) => void, signal: AbortSignal): Promise<RunResult> {
    await this.#budget.take(signal);
    return this.#tools.follow("virsh", ["--quiet", "--connect", this.#uri, ...args], onLine, { signal });
  }

  /**
   * Several commands over one connection. Their outputs come back in order; one that failed gives `undefined`.
   * Arguments must be words without spaces, quotes or semicolons, unless they are quoted as virsh wants it.
   */
  async batch(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<(string | undefined)[]> {
    if (commands.length === 0) return [];
    const script = commands.map((words) => `echo ${marker}; ${words.join(" ")}`).join("; ");
    await this.#budget.take(signal);
    const { stdout, stderr } = await this.#sessions.ask(script, signal);
    const parts = stdout.split(marker).slice(1);
    if (parts.length !== commands.length) {
      throw toolFailure("virsh", stderr || stdout, { operation: "query the host", resource: this.#uri });
    }
    return parts.map((part) => (part.trim() === "" ? undefined : part));
  }

  /** QEMU's own monitor, human form. Arguments are passed as one. */
  async hmp(vmId: string, command: string, subject: Subject, signal: AbortSignal): Promise<string> {
    return this.run(["qemu-monitor-command", "--hmp", vmId, command], subject, signal);
  }

  async qmp<T>(vmId: string, command: object, subject: Subject, signal: AbortSignal): Promise<T> {
    const output = await this.run(["qemu-monitor-command", vmId, JSON.stringify(command)], subject, signal);
    return (JSON.parse(output) as { return: T }).return;
  }

  /** Several over one connection; one that failed gives `undefined`. Their texts must hold no single quote. */
  async qmpAll(vmId: string, commands: readonly object[], signal: AbortSignal): Promise<unknown[]> {
    const words = commands.map((command) => ["qemu-monitor-command", vmId, `'${JSON.stringify(command)}'`]);
    const outputs = await this.batch(words, signal);
    return outputs.map((output) => {
      const start = output?.indexOf("{") ?? -1;
      return start < 0 ? undefined : (JSON.parse(output?.slice(start) ?? "") as { return?: unknown }).return;
    });
  }
}

const marker = "==novacron==";
