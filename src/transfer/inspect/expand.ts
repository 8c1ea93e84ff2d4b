import type { Transform } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Cursor } from "./cursor.ts";
import { Unreadable } from "./disk-bytes.ts";
import { expandLz4 } from "./lz4.ts";

export type Compression = "none" | "gzip" | "zstd" | "xz" | "lz4";

const magics: readonly { readonly magic: Buffer; readonly is: Compression | { readonly unread: string } }[] = [
  { magic: Buffer.from("070701"), is: "none" },
  { magic: Buffer.from("070702"), is: "none" },
  { magic: Buffer.from("1f8b", "hex"), is: "gzip" },
  { magic: Buffer.from("28b52ffd", "hex"), is: "zstd" },
  { magic: Buffer.from("fd377a585a00", "hex"), is: "xz" },
  { magic: Buffer.from("02214c18", "hex"), is: "lz4" },
  { magic: Buffer.from("425a68", "hex"), is: { unread: "bzip2" } },
  { magic: Buffer.from("5d0000", "hex"), is: { unread: "lzma" } },
  { magic: Buffer.from("894c5a4f", "hex"), is: { unread: "lzo" } },
];

/** The longest of the magic numbers. */
export const magicBytes = 6;

/** What the bytes are compressed with. @throws Unreadable for what is not read here. */
export function compressionOf(head: Buffer): Compression {
  const found = magics.find(({ magic }) => head.subarray(0, magic.length).equals(magic))?.is;
  if (found === undefined) throw new Unreadable("it is in a format unknown here");
  if (typeof found !== "string") throw new Unreadable(`it is compressed with ${found.unread}, which is not read here`);
  return found;
}

/**
 * Expands what starts with `compressed` and hands it to `use`, which must read it to its end.
 * Returns how many bytes of the input it took; undefined when it took all there was.
 * @throws Unreadable when the data is damaged; failures of the input and of `use` come out as they are.
 */
export async function expand(
  compression: Exclude<Compression, "none">,
  compressed: AsyncIterable<Buffer>,
  use: (expanded: AsyncIterable<Buffer>) => Promise<void>,
): Promise<number | undefined> {
  let own: { readonly error: unknown } | undefined;
  async function* input(): AsyncGenerator<Buffer> {
    try {
      yield* compressed;
    } catch (error) {
      own ??= { error };
      throw error;
    }
  }
  const output = async (expanded: AsyncIterable<Buffer>): Promise<void> => {
    try {
      await use(expanded);
    } catch (error) {
      // What the engine throws comes this way, too.
      if (error instanceof Unreadable) own ??= { error };
      throw error;
    }
  };
  try {
    switch (compression) {
      case "xz":
        await output(await expandXz(input()));
        return undefined;
      case "lz4": {
        const cursor = new Cursor(input());
        await output(expandLz4(cursor));
        return cursor.position;
      }
      default: {
        const engine = compression === "gzip" ? createGunzip() : createZstdDecompress();
        const feeding = feed(engine, input());
        await output(engine);
        await feeding;
        return engine.bytesWritten;
      }
    }
  } catch (error) {
    if (own) throw own.error;
    throw error instanceof Unreadable ? error : new Unreadable(`its ${compression} data is damaged or incomplete`);
  }
}

/** Not a pipeline: the data may end before the input does, and a pipeline takes that for a failure. */
async function feed(
  engine: Transform & { readonly bytesWritten: number },
  input: AsyncIterable<Buffer>,
): Promise<void> {
  const closed = new Promise((resolve) => engine.once("close", resolve));
  let fed = 0;
  try {
    for await (const piece of input) {
      if (engine.destroyed) return;
      await Promise.race([new Promise((resolve) => engine.write(piece, resolve)), closed]);
      fed += piece.length;
      // It has come to its end: more would be taken for another part of its own kind.
      if (engine.bytesWritten < fed) break;
    }
    engine.end();
  } catch (error) {
    engine.destroy(error as Error);
  }
}

async function expandXz(compressed: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const library = await import("xz-decompress");
  const stream = new library.default.XzReadableStream(ReadableStream.from(compressed));
  return toBuffers(stream);
}

async function* toBuffers(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}
