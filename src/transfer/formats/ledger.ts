import { Claims } from "./claims.ts";
import { damaged } from "./failures.ts";
import type { CompressedStretch, DataStretch, Range } from "./image.ts";

/** Keeps what each part of an image file is used for, so that a second use of it is noticed. */
export class Ledger {
  readonly #name: string;
  readonly #granuleBytes: number;
  readonly #claims: Claims;
  readonly #compressed: Claims;

  constructor(name: string, granuleBytes: number) {
    this.#name = name;
    this.#granuleBytes = granuleBytes;
    this.#claims = new Claims(granuleBytes);
    this.#compressed = new Claims(granuleBytes);
  }

  /** @throws ProviderError IntegrityFailure */
  table({ at, length, what }: Range & { readonly what: string }): void {
    if (!this.#claims.claim(at, length)) throw damaged(this.#name, `${what} at byte ${at} lies on another table`);
  }

  /** After all tables. @throws ProviderError IntegrityFailure */
  stored(stretch: DataStretch | CompressedStretch): void {
    const free = stretch.kind === "data" ? this.#claimData(stretch) : this.#claimCompressed(stretch);
    if (free) return;
    const { at, offset } = stretch;
    throw damaged(this.#name, `what holds disk byte ${offset} (byte ${at} of the file) is used twice`);
  }

  #claimData({ at, length }: DataStretch): boolean {
    return this.#claims.claim(at, length) && !this.#compressed.has(at, length);
  }

  /** Compressed units share the granules that they meet in. */
  #claimCompressed({ at, storedBytes, codec }: CompressedStretch): boolean {
    // How long a grain is only its marker says, which is held to its place when it is read.
    const length = codec === "grain" ? this.#granuleBytes : storedBytes;
    this.#compressed.claim(at, length);
    return !this.#claims.has(at, length);
  }
}
