import { createHmac, timingSafeEqual } from "node:crypto";
import { type DecodedMessage, decodeMessage } from "./message.ts";
import { classes, decodeName, encodeName, encodeRecord, recordTypes, WireError } from "./wire.ts";

/** Of RFC 8945, 6: those that may be used. */
export const tsigAlgorithms = ["hmac-sha256", "hmac-sha384", "hmac-sha512"] as const;
export type TsigAlgorithm = (typeof tsigAlgorithms)[number];

export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Buffer;
}

/** RFC 8945, 5.2.3: how far apart the clocks may be. */
const fudgeSeconds = 300;
/** RFC 8945, 5.3.1: so many messages of a transfer may come without a signature in between. */
const mostUnsigned = 99;

/** Errors of a signature itself: RFC 8945, 3. */
export const tsigErrors = { badSignature: 16, badKey: 17, badTime: 18 } as const;

/** Why an answer is not believed, or our signature was not. */
export class TsigError extends Error {
  /** What the server says of our signature; absent where it is the server's that is wrong. */
  readonly said: number | undefined;

  constructor(message: string, said?: number) {
    super(message);
    this.said = said;
  }
}

interface Signature {
  readonly keyName: string;
  readonly algorithm: string;
  readonly time: Buffer;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

/** The message with its signature, and what answers to it are signed on. */
export function sign(message: Buffer, key: TsigKey, nowSeconds: number): { signed: Buffer; mac: Buffer } {
  const time = Buffer.alloc(6);
  time.writeUIntBE(nowSeconds, 0, 6);
  const plain = { keyName: key.name, algorithm: key.algorithm, time, fudge: fudgeSeconds, error: 0 };
  const unsigned = { ...plain, mac: Buffer.alloc(0), originalId: message.readUInt16BE(0), other: Buffer.alloc(0) };
  const mac = digest(key, [message, variables(unsigned)]);
  const record = encodeRecord({
    name: key.name,
    type: recordTypes.TSIG,
    class: classes.ANY,
    ttl: 0,
    data: encodeSignature({ ...unsigned, mac }),
  });
  const counted = Buffer.from(message);
  counted.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { signed: Buffer.concat([counted, record]), mac };
}

/** Believes the messages that answer a signed one, in their order: RFC 8945, 5.3. */
export class TsigVerifier {
  readonly #key: TsigKey;
  #prior: Buffer;
  #unsigned: Buffer[] = [];
  #isFirst = true;

  constructor(key: TsigKey, requestMac: Buffer) {
    this.#key = key;
    this.#prior = requestMac;
  }

  /** Whether all that was taken is signed. */
  get complete(): boolean {
    return !this.#isFirst && this.#unsigned.length === 0;
  }

  /** @throws TsigError for what is not signed as it has to be, WireError for what is no message. */
  take(message: Buffer, nowSeconds: number): DecodedMessage {
    const decoded = decodeMessage(message);
    if (decoded.last?.record.type !== recordTypes.TSIG) {
      // Whoever forges a refusal gains nothing by it.
      if (this.#isFirst && decoded.rcode !== 0) return decoded;
      this.#unsigned.push(message);
      if (this.#isFirst || this.#unsigned.length > mostUnsigned) throw new TsigError("the answer is not signed");
      return decoded;
    }
    const { record, at } = decoded.last;
    const signature = decodeSignature(record.name, record.data);
    const { error, mac } = signature;
    if (mac.length === 0 && error !== 0) throw new TsigError("it does not know our signature", error);
    const stripped = Buffer.from(message.subarray(0, at));
    stripped.writeUInt16BE(signature.originalId, 0);
    stripped.writeUInt16BE(message.readUInt16BE(10) - 1, 10);
    const told = this.#isFirst ? variables(signature) : timers(signature);
    const expected = digest(this.#key, [lengthOf(this.#prior), this.#prior, ...this.#unsigned, stripped, told]);
    const { name } = decodeName(encodeName(this.#key.name), 0);
    const isOurs = signature.keyName.toLowerCase() === name.toLowerCase();
    if (!isOurs || mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
      throw new TsigError("the answer's signature is not that of our key");
    }
    if (error !== 0) throw new TsigError("it does not take our signature", error);
    if (Math.abs(signature.time.readUIntBE(0, 6) - nowSeconds) > signature.fudge) {
      throw new TsigError("the answer was signed at another time", tsigErrors.badTime);
    }
    this.#prior = mac;
    this.#unsigned = [];
    this.#isFirst = false;
    return decoded;
  }
}

function digest({ algorithm, secret }: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(algorithm.replace("hmac-", ""), secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** RFC 8945, 4.3.3: names in lower case and written out. */
function variables({ keyName, algorithm, time, fudge, error, other }: Signature): Buffer {
  const kind = Buffer.alloc(6);
  kind.writeUInt16BE(classes.ANY, 0);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(error, 0);
  tail.writeUInt16BE(other.length, 2);
  const names = [encodeName(keyName.toLowerCase()), kind, encodeName(algorithm.toLowerCase())];
  return Buffer.concat([...names, time, short(fudge), tail, other]);
}

function timers({ time, fudge }: Signature): Buffer {
  return Buffer.concat([time, short(fudge)]);
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}

function lengthOf(bytes: Buffer): Buffer {
  return short(bytes.length);
}

function encodeSignature({ algorithm, time, fudge, mac, originalId, error, other }: Signature): Buffer {
  const times = [encodeName(algorithm), time, short(fudge)];
  return Buffer.concat([...times, lengthOf(mac), mac, short(originalId), short(error), lengthOf(other), other]);
}

function decodeSignature(keyName: string, data: Buffer): Signature {
  const { name: algorithm, end } = decodeName(data, 0);
  try {
    const macEnd = end + 10 + data.readUInt16BE(end + 8);
    return {
      keyName,
      algorithm,
      time: data.subarray(end, end + 6),
      fudge: data.readUInt16BE(end + 6),
      mac: data.subarray(end + 10, macEnd),
      originalId: data.readUInt16BE(macEnd),
      error: data.readUInt16BE(macEnd + 2),
      other: data.subarray(macEnd + 6, macEnd + 6 + data.readUInt16BE(macEnd + 4)),
    };
  } catch (cause) {
    throw new WireError("the message ends within its signature", { cause });
  }
}
