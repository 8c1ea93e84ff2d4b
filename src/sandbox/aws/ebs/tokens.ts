import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { AwsError } from "../errors.ts";

const signatureBytes = 16;
/** Expiry, index, nonce. */
const headBytes = 8 + 4 + 8;

/** Block and page tokens: they name a place in a snapshot, expire, and are new with every listing. */
export class EbsTokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** Makes the tokens of one listing. */
  listing(scope: string, expiresAt: number): (index: number) => string {
    const head = Buffer.alloc(headBytes);
    head.writeBigUInt64BE(BigInt(expiresAt), 0);
    randomBytes(8).copy(head, 12);
    return (index) => {
      head.writeUInt32BE(index, 8);
      return Buffer.concat([head, this.#sign(scope, head)]).toString("base64");
    };
  }

  /** The index in a token. @throws AwsError ValidationException with `reason`, for a false, foreign or expired token. */
  read(scope: string, token: string, reason: "INVALID_BLOCK_TOKEN" | "INVALID_PAGE_TOKEN"): number {
    const bytes = Buffer.from(token, "base64");
    const head = bytes.subarray(0, headBytes);
    const given = bytes.subarray(headBytes);
    const good = given.length === signatureBytes && timingSafeEqual(given, this.#sign(scope, head));
    if (!good || Number(head.readBigUInt64BE(0)) < Date.now()) {
      const what = reason === "INVALID_BLOCK_TOKEN" ? "block token" : "page token";
      throw new AwsError("ValidationException", `The ${what} is ${good ? "expired" : "invalid"}`, 400, {
        Reason: reason,
      });
    }
    return head.readUInt32BE(8);
  }

  #sign(scope: string, head: Buffer): Buffer {
    return createHmac("sha256", this.#key).update(scope).update(head).digest().subarray(0, signatureBytes);
  }
}
