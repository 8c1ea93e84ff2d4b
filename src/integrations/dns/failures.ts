import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../../providers/failures.ts";
import { rcodes } from "./message.ts";
import { TsigError, tsigErrors } from "./tsig.ts";
import { WireError } from "./wire.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly action: string;
}

const again = "It is tried again; see the name server's log.";

/** The one table from a name server's answers to the union. Unmet prerequisites are looked at before it. */
const answers: Readonly<Record<number, Meaning>> = {
  [rcodes.serverFailure]: { code: "Unavailable", reason: "the name server failed", action: again },
  [rcodes.notImplemented]: {
    code: "UnsupportedCapability",
    reason: "the name server knows no dynamic updates",
    action: "Use one that does, such as BIND.",
  },
  [rcodes.refused]: {
    code: "CloudPermissionDenied",
    reason: "the name server refuses it",
    action:
      "Allow the key updates and transfers of the zone (BIND: `update-policy` or `allow-update`, `allow-transfer`).",
  },
  [rcodes.notAuthoritative]: {
    code: "NotFound",
    reason: "the name server does not serve the zone",
    action: "Name the zone's primary server as the site's `name_server`.",
  },
  [rcodes.notZone]: {
    code: "InvalidInput",
    reason: "the name is not in the zone",
    action: "Name the zone that has it.",
  },
};

export function answerFailure(rcode: number, subject: Subject): ProviderError {
  const meaning = answers[rcode] ?? { code: "Unknown", reason: `the name server answers ${rcode}`, action: again };
  const { code, reason, action } = meaning;
  return new ProviderError(code, { ...subject, reason, action });
}

const refusedSignatures: Readonly<Record<number, Meaning>> = {
  [tsigErrors.badSignature]: {
    code: "CloudUnauthenticated",
    reason: "our signature is not that of its key",
    action: "Give the site's name_server the key as the name server has it.",
  },
  [tsigErrors.badKey]: {
    code: "CloudUnauthenticated",
    reason: "it has no key of that name and algorithm",
    action: "Give the site's name_server the key's name and algorithm as the name server has them.",
  },
  [tsigErrors.badTime]: {
    code: "CloudUnauthenticated",
    reason: "its clock and ours are too far apart",
    action: "Set both clocks by the same time server.",
  },
};

/** Why a server could not be asked, or is not believed. */
export function exchangeFailure(error: unknown, subject: Subject): ProviderError {
  if (error instanceof ProviderError) return error;
  const said = error instanceof TsigError && error.said !== undefined ? refusedSignatures[error.said] : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (said) return new ProviderError(said.code, { ...subject, reason: said.reason, action: said.action, cause: error });
  if (error instanceof TsigError) {
    const action = "See that the address is that of the name server, and the key one that both have.";
    return new ProviderError("CloudUnauthenticated", { ...subject, reason: message, action, cause: error });
  }
  if (error instanceof WireError) {
    const reason = `what came is no answer: ${message}`;
    return new ProviderError("Unavailable", { ...subject, reason, action: again, cause: error });
  }
  const code = (error as NodeJS.ErrnoException).code === "ETIMEDOUT" ? "Timeout" : "Unavailable";
  const action = "See that the name server runs, and that this machine reaches it by TCP; it is tried again.";
  return new ProviderError(code, { ...subject, reason: message, action, cause: error });
}
