import { randomInt } from "node:crypto";
import type { Subject } from "../../providers/failures.ts";
import type { CallBudget } from "../../providers/provider.ts";
import { exchange, type ServerAddress } from "./exchange.ts";
import { answerFailure, exchangeFailure } from "./failures.ts";
import { type DecodedMessage, encodeQuery, encodeUpdate, rcodes } from "./message.ts";
import { sign, type TsigKey, TsigVerifier } from "./tsig.ts";
import { type ResourceRecord, recordTypes, WireError } from "./wire.ts";

/** A zone's primary name server: everything asked and answered is signed with our key. */
export class NameServer {
  readonly #address: ServerAddress;
  readonly #key: () => Promise<TsigKey>;
  readonly #budget: CallBudget;

  constructor(address: ServerAddress, key: () => Promise<TsigKey>, budget: CallBudget) {
    this.#address = address;
    this.#key = key;
    this.#budget = budget;
  }

  /** Its own answer to a question; none of its records where it has no such name. @throws ProviderError. */
  async query(name: string, type: number, subject: Subject, signal: AbortSignal): Promise<DecodedMessage> {
    for await (const answer of this.#ask((id) => encodeQuery(id, name, type), subject, signal)) {
      if (answer.rcode === rcodes.noError || answer.rcode === rcodes.noName) return answer;
      throw answerFailure(answer.rcode, subject);
    }
    throw exchangeFailure(new Error("no answer came"), subject);
  }

  /** Changes the zone; false where a prerequisite does not hold. @throws ProviderError. */
  async update(
    zone: string,
    prerequisites: readonly ResourceRecord[],
    changes: readonly ResourceRecord[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<boolean> {
    const unmet: readonly number[] = [rcodes.noName, rcodes.nameExists, rcodes.setExists, rcodes.setMissing];
    for await (const { rcode } of this.#ask((id) => encodeUpdate(id, zone, prerequisites, changes), subject, signal)) {
      if (rcode === rcodes.noError) return true;
      if (unmet.includes(rcode)) return false;
      throw answerFailure(rcode, subject);
    }
    throw exchangeFailure(new Error("no answer came"), subject);
  }

  /** All records of the zone: RFC 5936. @throws ProviderError. */
  async *transfer(zone: string, subject: Subject, signal: AbortSignal): AsyncGenerator<ResourceRecord> {
    let ends = 0;
    for await (const { rcode, answers } of this.#ask(
      (id) => encodeQuery(id, zone, recordTypes.AXFR),
      subject,
      signal,
    )) {
      if (rcode !== rcodes.noError) throw answerFailure(rcode, subject);
      for (const record of answers) {
        if (record.type === recordTypes.SOA) ends += 1;
        else yield record;
      }
      // It begins and ends with the zone's SOA.
      if (ends === 2) return;
    }
  }

  /** Messages that answer one; each is believed before it is given, or all before the last are taken back by a throw. */
  async *#ask(
    encode: (id: number) => Buffer,
    subject: Subject,
    signal: AbortSignal,
  ): AsyncGenerator<DecodedMessage, void> {
    await this.#budget.take(signal);
    try {
      const key = await this.#key();
      const id = randomInt(0x1_0000);
      const { signed, mac } = sign(encode(id), key, now());
      const verifier = new TsigVerifier(key, mac);
      let kept: DecodedMessage[] = [];
      for await (const message of exchange(this.#address, signed, signal)) {
        const answer = verifier.take(message, now());
        if (answer.id !== id) throw new WireError("it is the answer to another question");
        kept.push(answer);
        if (!verifier.complete && answer.rcode === rcodes.noError) continue;
        yield* kept;
        kept = [];
      }
    } catch (error) {
      signal.throwIfAborted();
      throw exchangeFailure(error, subject);
    }
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
