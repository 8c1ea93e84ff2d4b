import { TornConnection } from "../../cloud/faults.ts";
import { AwsError } from "../errors.ts";

/** Longer is no chunk's head, and no trailer. */
const lineBytesAtMost = 4096;

/**
 * The `aws-chunked` encoding with trailers, unsigned:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class AwsChunks {
  /** Complete once {@link pieces} has ended. Names in lower case. */
  readonly trailers: Record<string, string> = {};
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** @throws AwsError IncompleteBody for what is no such encoding, TornConnection when it breaks off. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      const size = Number.parseInt((await this.#line()).split(";")[0] ?? "", 16);
      if (!Number.isInteger(size) || size < 0) throw malformed();
      if (size === 0) break;
      for (let left = size; left > 0; ) {
        if (this.#rest.length === 0) await this.#more();
        const piece = this.#rest.subarray(0, left);
        this.#rest = this.#rest.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
      if ((await this.#line()) !== "") throw malformed();
    }
    for (let line = await this.#line(); line !== ""; line = await this.#line()) {
      const colon = line.indexOf(":");
      if (colon < 0) throw malformed();
      this.trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\r\n");
      if (end >= 0) {
        const line = this.#rest.subarray(0, end).toString("latin1");
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > lineBytesAtMost) throw malformed();
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#source.next().catch(() => ({ done: true as const, value: undefined }));
    if (done) throw new TornConnection();
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
  }
}

function malformed(): AwsError {
  return new AwsError(
    "IncompleteBody",
    "The request body is not in the aws-chunked encoding that its headers announce",
  );
}
