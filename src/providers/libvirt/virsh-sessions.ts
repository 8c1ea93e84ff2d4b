import type { HostTools, RunResult } from "../../host/tools.ts";
import { VirshSession } from "./virsh-session.ts";

/** So many wait for the next question; more are made while more is asked at once. */
const keptIdle = 4;
const idleMs = 60_000;

/** The lasting connections to one host. */
export class VirshSessions {
  readonly #tools: HostTools;
  readonly #uri: string;
  readonly #idle: { readonly session: VirshSession; readonly since: number }[] = [];
  #sweeping: NodeJS.Timeout | undefined;

  constructor(tools: HostTools, uri: string) {
    this.#tools = tools;
    this.#uri = uri;
  }

  /** A failure is a result. */
  async ask(line: string, signal: AbortSignal, timeoutMs?: number): Promise<RunResult> {
    const session = this.#take();
    const result = await session.ask(line, { signal, timeoutMs });
    this.#giveBack(session);
    return result;
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
    await Promise.all(this.#idle.splice(0).map(({ session }) => session.end()));
  }

  #take(): VirshSession {
    for (let found = this.#idle.pop(); found; found = this.#idle.pop()) {
      if (found.session.usable) return found.session;
      void found.session.end();
    }
    return new VirshSession(this.#tools, this.#uri);
  }

  #giveBack(session: VirshSession): void {
    if (!session.usable || this.#idle.length >= keptIdle) {
      void session.end();
      return;
    }
    this.#idle.push({ session, since: Date.now() });
    this.#sweeping ??= setInterval(() => this.#sweep(), idleMs / 2).unref();
  }

  #sweep(): void {
    const old = this.#idle.filter(({ since }) => Date.now() - since > idleMs);
    this.#idle.splice(0, old.length);
    for (const { session } of old) void session.end();
  }
}

/** The words as one line that virsh reads as just these; undefined where no line can say them. */
export function lineOf(words: readonly string[]): string | undefined {
  // Line breaks end a line, tabs complete words, and other signs are read by a terminal's rules.
  if (words.some((word) => !/^[\x20-\x7e]*$/.test(word))) return undefined;
  return words.map(quoted).join(" ");
}

function quoted(word: string): string {
  if (/^[\w./:=@,+%-]+$/.test(word)) return word;
  return word.includes("'") ? `"${word.replace(/["\\]/g, "\\$&")}"` : `'${word}'`;
}
