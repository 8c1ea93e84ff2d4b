import { ProviderError } from "../../domain/errors.ts";
import type { ImageFacts, Refusal } from "./image.ts";

const operation = "read the image";

/** For an image that is whole but is not read: it needs other files, a key, a newer reader. */
export function refused(name: string, { reason, action }: Refusal, facts?: ImageFacts): ProviderError {
  const more = facts && { facts: { format: facts.format, backing_file: facts.backingFile } };
  return new ProviderError("InvalidInput", { operation, resource: name, reason: `it ${reason}`, action, ...more });
}

/** For an image that contradicts itself or ends early. */
export function damaged(name: string, reason: string, cause?: unknown): ProviderError {
  return new ProviderError("IntegrityFailure", {
    operation,
    resource: name,
    reason,
    action: "Copy or export the image again from where it came from; what is left of it is not a whole disk.",
    cause,
  });
}

/** Text out of an image, safe to show: control characters become dots. */
export function shown(text: string): string {
  const printable = text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ".");
  return printable.length > 200 ? `${printable.slice(0, 200)}…` : printable;
}
