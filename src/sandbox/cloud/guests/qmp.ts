import { connect, type Socket } from "node:net";

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly id?: number;
  readonly QMP?: unknown;
}

const answerWithinMs = 30_000;

/** QEMU's monitor protocol on a unix socket. QEMU serves one client at a time. */
export class Qmp {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Set<(event: string, data: Readonly<Record<string, unknown>>) => void>();
  #nextId = 1;
  #text = "";
  #greeted: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new QmpClosed());
      this.#waiting.clear();
    });
  }

  /** @throws Error when nobody answers there. */
  static async connect(path: string): Promise<Qmp> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => socket.destroy());
    const qmp = new Qmp(socket);
    await new Promise<void>((resolve, reject) => {
      qmp.#greeted = resolve;
      socket.once("close", () => reject(new QmpClosed()));
    });
    await qmp.execute("qmp_capabilities");
    return qmp;
  }

  /** @throws QmpError with QEMU's words, QmpClosed when QEMU ended. */
  execute(command: string, args: object = {}): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new QmpError(`${command}: no answer within ${answerWithinMs / 1000} s`));
      }, answerWithinMs);
      this.#waiting.set(id, {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (this.#socket.destroyed) {
        this.#waiting.get(id)?.reject(new QmpClosed());
        this.#waiting.delete(id);
      } else {
        this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
      }
    });
  }

  /** Runs a command of the human monitor. Its answer is empty when all went well. */
  async human(line: string): Promise<string> {
    return String(await this.execute("human-monitor-command", { "command-line": line })).trim();
  }

  /** Resolves at the next event that `wanted` accepts; false when none came in time. */
  event(
    wanted: (event: string, data: Readonly<Record<string, unknown>>) => boolean,
    withinMs: number,
  ): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (came: boolean) => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(came);
      };
      const listener = (event: string, data: Readonly<Record<string, unknown>>) => {
        if (wanted(event, data)) end(true);
      };
      const timer = setTimeout(() => end(false), withinMs);
      this.#listeners.add(listener);
      this.#socket.once("close", () => end(false));
    });
  }

  onClose(listener: () => void): void {
    if (this.#socket.destroyed) listener();
    else this.#socket.once("close", listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf("\n"); end >= 0; end = this.#text.indexOf("\n")) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      if (line.trim() !== "") this.#take(JSON.parse(line) as Reply);
    }
  }

  #take(reply: Reply): void {
    if (reply.QMP !== undefined) this.#greeted?.();
    if (reply.event !== undefined) for (const listener of this.#listeners) listener(reply.event, reply.data ?? {});
    const waiting = reply.id === undefined ? undefined : this.#waiting.get(reply.id);
    if (!waiting || reply.id === undefined) return;
    this.#waiting.delete(reply.id);
    if (reply.error) waiting.reject(new QmpError(reply.error.desc));
    else waiting.resolve(reply.return);
  }
}

export class QmpError extends Error {}

export class QmpClosed extends Error {
  constructor() {
    super("QEMU has ended");
  }
}
