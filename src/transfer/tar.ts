/** An archive in the pax format (POSIX.1-2001) of what is given, as it comes. */

const blockBytes = 512;
const longestName = 100;
const types = { file: "0", link: "2", folder: "5" } as const;
/** What eleven octal digits hold. */
const largestPlain = 8 ** 11 - 1;

export interface TarEntry {
  /** Relative, with slashes. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  readonly sizeBytes: number;
  readonly target?: string;
  /** Exactly as many bytes as that. */
  content(): AsyncIterable<Buffer>;
}

/** All entries say that time, and belong to nobody. */
export async function* tar(entries: AsyncIterable<TarEntry>, at: Date): AsyncGenerator<Buffer> {
  for await (const { path, kind, sizeBytes, target = "", content } of entries) {
    const name = kind === "folder" ? `${path}/` : path;
    const records = {
      ...(isPlain(name) ? {} : { path: name }),
      ...(isPlain(target) ? {} : { linkpath: target }),
      ...(sizeBytes <= largestPlain ? {} : { size: String(sizeBytes) }),
    };
    if (Object.keys(records).length > 0) yield* extended(records, at);
    const size = Math.min(sizeBytes, largestPlain);
    yield header({ name: shortened(name), type: types[kind], size, target: shortened(target) }, at);
    if (kind !== "file") continue;
    yield* content();
    yield padding(sizeBytes);
  }
  yield Buffer.alloc(2 * blockBytes);
}

function* extended(records: Readonly<Record<string, string>>, at: Date): Generator<Buffer> {
  const body = Buffer.concat(Object.entries(records).map(([key, value]) => record(`${key}=${value}\n`)));
  yield header({ name: "pax", type: "x", size: body.length, target: "" }, at);
  yield body;
  yield padding(body.length);
}

/** `LENGTH text`, where LENGTH counts itself. */
function record(text: string): Buffer {
  const bytes = Buffer.byteLength(text) + 1;
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return Buffer.from(`${length} ${text}`);
}

interface Header {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly target: string;
}

function header({ name, type, size, target }: Header, at: Date): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;
  block.write(name, 0, longestName, "latin1");
  block.write(octal(type === "5" ? 0o755 : 0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(Math.max(0, Math.floor(at.getTime() / 1000)), 12), 136);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  block.write(target, 157, longestName, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function isPlain(name: string): boolean {
  return name.length <= longestName && /^[\x20-\x7e]*$/.test(name);
}

/** For readers that know no pax headers. */
function shortened(name: string): string {
  if (isPlain(name)) return name;
  const ascii = name.replaceAll(/[^\x20-\x7e]/g, "_");
  return ascii.length <= longestName ? ascii : ascii.slice(-longestName).replace(/^\/+/, "_");
}

function padding(sizeBytes: number): Buffer {
  return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
}
