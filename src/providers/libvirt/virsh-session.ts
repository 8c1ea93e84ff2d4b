import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { ProviderError } from "../../domain/errors.ts";
import type { HostTools, RunResult } from "../../host/tools.ts";

export interface AskOptions {
  readonly signal: AbortSignal;
  /** Without it the signal alone bounds the wait: some commands take as long as a disk is large. */
  readonly timeoutMs?: number | undefined;
}

/** What virsh says of a connection that it lost and made anew by itself: it answers nothing. */
const ofConnection = /^error: (?:Disconnected from |Reconnected to ).*$\n?/gm;

/** The words around an answer, as virsh says them. `over` comes from a line of its own: of a line that virsh can't read it
 *  runs no part. */
interface Marks {
  readonly begin: string;
  readonly end: string;
  readonly failuresEnd: string;
  readonly over: string;
}

/**
 * One virsh that stays, with its connection to the host: a line in, its output back. A virsh of its own for every question
 * costs its start and a connection (some 40 ms here, and over SSH far more).
 *
 * Where an answer begins and ends is told by words that virsh is asked to say, in another form than that in which they are
 * asked for: it repeats what it reads.
 */
export class VirshSession {
  readonly #child: ChildProcessWithoutNullStreams;
  #out = "";
  #err = "";
  #asked = 0;
  #ended = false;
  /** Something was said that nobody had asked for: the connection was lost, most likely. */
  #stale = false;
  #heard: (() => void) | undefined;

  constructor(tools: HostTools, uri: string) {
    this.#child = tools.converse("virsh", ["--quiet", "--connect", uri], { env: { VIRSH_HISTSIZE: "0" } });
    const { stdin, stdout, stderr } = this.#child;
    stdout.setEncoding("utf8").on("data", (text: string) => this.#hear(() => (this.#out += text)));
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stale ||= this.#heard === undefined;
      this.#hear(() => (this.#err += text));
    });
    // It may end before it has read all; its end is noticed by itself.
    stdin.on("error", () => undefined);
    const over = (reason: string) => this.#hear(() => ((this.#ended = true), (this.#err += reason)));
    this.#child.on("error", (error) => over(`error: virsh could not be started: ${error.message}\n`));
    this.#child.on("close", () => over(""));
  }

  /** Whether another question can be asked of it. */
  get usable(): boolean {
    return !this.#ended && !this.#stale && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * One line as virsh reads it, without line breaks. Only one at a time. A failed command is a result, and so is a virsh
   * that ended.
   * @throws the signal's reason, ProviderError Timeout; either ends the session.
   */
  async ask(line: string, { signal, timeoutMs }: AskOptions): Promise<RunResult> {
    signal.throwIfAborted();
    const number = ++this.#asked;
    [this.#out, this.#err] = ["", ""];
    const [begin, end] = [`<< ${number}:`, `>> ${number}:`];
    const marks = { begin, end, failuresEnd: `error: ${end}\n`, over: `error: !! ${number}:\n` };
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    this.#heard = () => this.#isComplete(marks) && resolve();
    const { promise: given, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => reject(late(line, timeoutMs)), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    this.#keepsProcessAlive(true);
    try {
      this.#child.stdin.write(
        `echo "<<" "${number}:"; ${line}; echo --err ">>" "${number}:"; echo ">>" "${number}:"\necho --err "!!" "${number}:"\n`,
      );
      await Promise.race([heard, given]);
    } catch (error) {
      await this.end("SIGTERM");
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      this.#heard = undefined;
      this.#keepsProcessAlive(false);
    }
    return this.#result(marks);
  }

  #isComplete({ end, failuresEnd, over }: Marks): boolean {
    if (this.#ended) return true;
    return this.#err.includes(over) && (this.#out.includes(end) || !this.#err.includes(failuresEnd));
  }

  #result({ begin, end, failuresEnd, over }: Marks): RunResult {
    const whole = this.#out.includes(end) && this.#err.includes(failuresEnd);
    const start = this.#out.indexOf(begin);
    const stdout = start < 0 ? "" : this.#out.slice(start + begin.length, whole ? this.#out.indexOf(end) : undefined);
    const said = this.#err.split(whole ? failuresEnd : over)[0] ?? "";
    if (said.search(ofConnection) >= 0) this.#stale = true;
    const stderr = whole ? said.replaceAll(ofConnection, "") : said || unanswered;
    return { exitCode: !whole || /^error: /m.test(stderr) ? 1 : 0, stdout, stderr };
  }

  /** Ends when it has nothing to do any more, or at once by the signal. */
  async end(signal?: "SIGTERM"): Promise<void> {
    if (this.#ended) return;
    const closed = once(this.#child, "close");
    this.#keepsProcessAlive(true);
    if (signal) this.#child.kill(signal);
    else this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), endsWithinMs);
    await closed.finally(() => clearTimeout(timer));
  }

  #hear(take: () => void): void {
    take();
    this.#heard?.();
  }

  /** An idle one is no reason for this process to go on. */
  #keepsProcessAlive(yes: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const part of [this.#child, stdin, stdout, stderr] as { ref?(): void; unref?(): void }[]) {
      if (yes) part.ref?.();
      else part.unref?.();
    }
  }
}

const endsWithinMs = 2_000;
/** In libvirt's words for it, which are known to pass. */
const unanswered = "error: client socket is closed: virsh ended before it had answered\n";

function late(line: string, timeoutMs: number): ProviderError {
  return new ProviderError("Timeout", {
    operation: "run virsh",
    resource: `virsh ${line}`.slice(0, 200),
    reason: `it did not end within ${timeoutMs / 1000} s`,
    action: "Look at the machine's load, then try again.",
  });
}
