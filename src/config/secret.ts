import { inspect } from "node:util";
import { describeReference, parseSecretReference, type SecretReference } from "../domain/secret-reference.ts";

const shown = "[secret]";

/** A secret, or the place to fetch it from. A value that shows itself only to whoever asks for it by {@link reveal}: not in logs, JSON, messages or dumps. */
export class Secret {
  readonly #value: string;
  /** Set where the value has to be fetched from a store of secrets. */
  readonly reference: SecretReference | undefined;

  constructor(value: string) {
    this.reference = parseSecretReference(value);
    this.#value = value;
  }

  /** The value as it stands in the configuration; where it is a {@link reference}, that has to be resolved instead. */
  reveal(): string {
    if (this.reference) throw new Error(`${describeReference(this.reference)} has to be fetched`);
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.toPrimitive](): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
