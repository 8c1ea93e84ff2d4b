import { constants, createDeflate, createInflate, createInflateRaw } from "node:zlib";

type ZlibStream = ReturnType<typeof createDeflate | typeof createInflate | typeof createInflateRaw>;

/** What node:zlib's own streams and its `…Sync` calls are built on. */
interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    from: number,
    bytes: number,
    output: Uint8Array,
    to: number,
    room: number,
  ): void;
}

interface Opened {
  readonly stream: ZlibStream;
  readonly handle: Handle;
  /** What the last call left: room in the output, bytes of the input. */
  readonly left: Uint32Array;
}

const makers = {
  inflate: () => createInflate(),
  "inflate-raw": () => createInflateRaw(),
  deflate: () => createDeflate(),
} as const;

/**
 * One zlib state for piece after piece. `inflateSync` and its like make a state, an output and the garbage of both for each
 * call (measured on grains of 64 KiB: four fifths of the time), and node:zlib has no public call that keeps them. This takes
 * the handle inside its streams; where a version of Node has none, every answer is "undefined".
 */
export class KeptZlib {
  readonly #kind: keyof typeof makers;
  #opened: Opened | undefined;

  constructor(kind: keyof typeof makers) {
    this.#kind = kind;
  }

  /**
   * Does one whole piece; nothing is written beyond `target`. What follows the piece's end in `input` is left alone.
   * @returns the bytes that came out; undefined unless that was all, and without a fault: the public call then says why.
   */
  run(input: Uint8Array, target: Uint8Array): number | undefined {
    const opened = this.#opened ?? open(this.#kind);
    this.#opened = opened;
    if (!opened) return undefined;
    const { stream, handle, left } = opened;
    stream.reset();
    const step = (from: number, bytes: number, output: Uint8Array): number | undefined => {
      handle.writeSync(constants.Z_FINISH, input, from, bytes, output, 0, output.byteLength);
      return stream.destroyed ? undefined : left[0];
    };
    let room = step(0, input.byteLength, target);
    const [, unread = 0] = left;
    // Where all is filled, only a further call tells whether that was the end: it has to leave its one byte of room.
    if (room === 0 && step(input.byteLength - unread, unread, new Uint8Array(1)) !== 1) room = undefined;
    if (stream.destroyed) this.#opened = undefined;
    return room === undefined ? undefined : target.byteLength - room;
  }
}

function open(kind: keyof typeof makers): Opened | undefined {
  const stream = makers[kind]();
  // A fault is seen by the stream's end; nobody waits for the event.
  stream.on("error", () => undefined);
  const { _handle: handle, _writeState: left } = stream as { _handle?: unknown; _writeState?: unknown };
  return isHandle(handle) && left instanceof Uint32Array ? { stream, handle, left } : undefined;
}

function isHandle(value: unknown): value is Handle {
  return typeof value === "object" && value !== null && "writeSync" in value && typeof value.writeSync === "function";
}
