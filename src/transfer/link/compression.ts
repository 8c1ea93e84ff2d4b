import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

const mib = 1024 * 1024;
/** What is compared: long enough that what is on its way between two modes hardly counts. */
const windowBytes = 64 * mib;
/** Of the mode that is not in use: often enough to notice that the link or the data has changed. */
const probeBytes = 16 * mib;
const probeEveryWindows = 4;
/** Data of which less than this goes is not worth a processor's time. */
const worthwhileRatio = 0.95;
/** So much of it in a row: a few MiB of a disk may be a picture. */
const hopelessBytes = 16 * mib;
/** A mode has to be quicker by this to be taken for it. */
const margin = 1.05;

/** One window's ticket: what began in an earlier mode says nothing of the present one. */
export interface Sending {
  readonly compress: boolean;
  readonly window: number;
}

/**
 * Whether what goes over a link is compressed, decided window by window by what was measured: how many bytes of the disk
 * arrived in a second with and without it. So it ends by itself where the data doesn't shrink or the processor is slower
 * than the link, and comes back when that changes.
 */
export class AdaptiveCompression {
  readonly #enabled: boolean;
  readonly #now: () => number;
  #compress: boolean;
  #window = 0;
  #probing = false;
  #windowsSinceProbe = 0;
  #raw = 0;
  #wire = 0;
  #startedAt: number | undefined;
  #rates: { on?: number; off?: number } = {};

  constructor(enabled = true, now: () => number = () => performance.now()) {
    this.#enabled = enabled;
    this.#compress = enabled;
    this.#now = now;
  }

  begin(): Sending {
    return { compress: this.#compress, window: this.#window };
  }

  /** So many bytes of the disk have arrived, as so many on the wire. */
  arrived(sending: Sending, rawBytes: number, wireBytes: number): void {
    if (!this.#enabled || sending.window !== this.#window) return;
    // The first answer is where the clock starts: what came before it was another mode's.
    if (this.#startedAt === undefined) {
      this.#startedAt = this.#now();
      return;
    }
    this.#raw += rawBytes;
    this.#wire += wireBytes;
    const hopeless = this.#compress && this.#raw >= hopelessBytes && this.#wire > this.#raw * worthwhileRatio;
    if (hopeless || this.#raw >= (this.#probing ? probeBytes : windowBytes)) this.#decide(hopeless);
  }

  #decide(hopeless: boolean): void {
    const seconds = Math.max(1e-6, (this.#now() - (this.#startedAt ?? 0)) / 1000);
    this.#rates[this.#compress ? "on" : "off"] = this.#raw / seconds;
    const wasProbe = this.#probing;
    this.#probing = false;
    const { on, off } = this.#rates;
    if (hopeless) this.#compress = false;
    else if (on !== undefined && off !== undefined)
      this.#compress = this.#compress ? on * margin >= off : on >= off * margin;
    this.#windowsSinceProbe = wasProbe ? 0 : this.#windowsSinceProbe + 1;
    const unknown = (this.#compress ? off : on) === undefined;
    if (!wasProbe && (unknown ? !hopeless : this.#windowsSinceProbe >= probeEveryWindows)) {
      this.#probing = true;
      this.#compress = !this.#compress;
    }
    this.#window += 1;
    this.#raw = 0;
    this.#wire = 0;
    this.#startedAt = undefined;
  }
}

const compressNow = promisify(zstdCompress);
const decompressNow = promisify(zstdDecompress);
/** The quickest level: links are slower than processors, but not by much. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 };
/** What doesn't shrink becomes a little longer. */
const marginBytes = 64 * 1024;

/** Off the main thread, in one go: by default Node would come back for every 16 KiB of the result. */
export function compress(bytes: Uint8Array): Promise<Buffer> {
  return compressNow(bytes, { params, chunkSize: bytes.byteLength + marginBytes });
}

/** @throws when it is not one frame of exactly so many bytes. */
export async function decompress(bytes: Uint8Array, length: number): Promise<Buffer> {
  const maxOutputLength = Math.max(1, length);
  const plain = await decompressNow(bytes, { maxOutputLength, chunkSize: Math.max(marginBytes, length) });
  if (plain.byteLength !== length) throw new RangeError(`${plain.byteLength} bytes came instead of ${length}`);
  return plain;
}
