import { type ErrorCode, ProviderError } from "../domain/errors.ts";

/** What a failure was about. */
export interface Subject {
  readonly operation: string;
  readonly resource: string;
}

export const storageFull = "the site's storage is full";
export const freeSpace = "Free space below the site's storage_path; the move goes on where it stopped.";

export function conflict(subject: Subject, reason: string, action: string): ProviderError {
  return new ProviderError("Conflict", { ...subject, reason, action });
}

export function notFound(subject: Subject, reason: string): ProviderError {
  return new ProviderError("NotFound", {
    ...subject,
    reason,
    action: "Refresh the inventory; it may have been removed.",
  });
}

export function invalid(subject: Subject, reason: string, action: string): ProviderError {
  return new ProviderError("InvalidInput", { ...subject, reason, action });
}

export function unsupported(subject: Subject, reason: string, action: string): ProviderError {
  return new ProviderError("UnsupportedCapability", { ...subject, reason, action });
}

export function unavailable(subject: Subject, reason: string): ProviderError {
  return new ProviderError("Unavailable", { ...subject, reason, action: "It is tried again." });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly action: string;
}

/** What every cloud's table says where the customer's key can't be used: nothing is lost, and no repeat helps. */
export const lostKey = {
  code: "CloudPermissionDenied",
  reason: "the customer's key is lost, disabled or not ours to use",
  action: "Enable the key again and let the identity use it: what it encrypted can't be read or copied until then.",
} as const satisfies Meaning;

const denied: Meaning = {
  code: "CloudPermissionDenied",
  reason: "our account may not use that file",
  action: "Give the account that runs NovaCron access to the site's storage_path.",
};
const away: Meaning = {
  code: "Unavailable",
  reason: "the file system does not answer",
  action: "Check that the site's storage is mounted and healthy; it is tried again.",
};
// Not InsufficientCapacity, which nobody retries here: the bytes so far are kept until there is room.
const full: Meaning = { code: "Unavailable", reason: storageFull, action: freeSpace };
const busy: Meaning = {
  code: "Unavailable",
  reason: "too many files are open",
  action: "Raise the limit of open files (`ulimit -n`); it is tried again.",
};

/** The one table from the kernel's codes to the union. */
const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: {
    code: "InvalidInput",
    reason: "the file system takes no file of that size",
    action: "Use a file system with larger files for the site's storage_path.",
  },
  EACCES: denied,
  EPERM: denied,
  EROFS: { ...denied, reason: "the file system is mounted read-only" },
  ENOENT: {
    code: "NotFound",
    reason: "the file is gone",
    action: "Check that the site's storage is mounted; refresh the inventory.",
  },
  EIO: away,
  ENODEV: away,
  ENXIO: away,
  ENOTCONN: away,
  ESTALE: away,
  EHOSTDOWN: away,
  EHOSTUNREACH: away,
  ETIMEDOUT: { ...away, code: "Timeout" },
  EMFILE: busy,
  ENFILE: busy,
};

/** What a failed call to the file system means; anything else is given back as it is. */
export function fileFailure(error: unknown, subject: Subject): unknown {
  if (!(error instanceof Error) || error instanceof ProviderError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const meaning = code === undefined ? undefined : meanings[code];
  if (!meaning) return error;
  return new ProviderError(meaning.code, {
    ...subject,
    reason: `${meaning.reason} (${error.message})`,
    action: meaning.action,
    cause: error,
  });
}
