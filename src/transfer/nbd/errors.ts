import { ProviderError } from "../../domain/errors.ts";

/** Error numbers of the protocol. */
const errno = { EPERM: 1, EIO: 5, ENOMEM: 12, EINVAL: 22, ENOSPC: 28, EOVERFLOW: 75, ENOTSUP: 95, ESHUTDOWN: 108 };

const codes: Readonly<
  Record<number, { code: "Unavailable" | "Conflict" | "Unknown"; reason: string; action: string }>
> = {
  [errno.ENOSPC]: {
    code: "Unavailable",
    reason: "the target's storage is full",
    action: "Free space there; the copy then goes on from where it stopped.",
  },
  [errno.EPERM]: {
    code: "Conflict",
    reason: "this attempt's handle was revoked, or the export is read-only",
    action: "Nothing, if a newer attempt has taken over; else open the disk again.",
  },
  [errno.ESHUTDOWN]: {
    code: "Conflict",
    reason: "the server is closing this export: the attempt's handle was revoked",
    action: "Nothing, if a newer attempt has taken over; else open the disk again.",
  },
  [errno.ENOMEM]: {
    code: "Unavailable",
    reason: "the NBD server is out of memory",
    action: "It is tried again; if it lasts, give the server more memory.",
  },
  [errno.EIO]: {
    code: "Unknown",
    reason: "the storage reported an I/O error",
    action: "Check the disk and the file system under it, then start the copy again.",
  },
};

/** An error number that the server answered with, as one of ours. */
export function serverError(number: number, operation: string, resource: string): ProviderError {
  const name = Object.entries(errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`;
  const known = codes[number];
  return new ProviderError(known?.code ?? "Unknown", {
    operation,
    resource,
    reason: known?.reason ?? `the NBD server refused it with ${name}`,
    action: known?.action ?? "Start the copy again; if it repeats, look into the server's log.",
    facts: { nbdError: name },
  });
}

export function connectionLost(operation: string, resource: string, cause?: unknown): ProviderError {
  const detail = cause instanceof Error ? ` (${cause.message})` : "";
  return new ProviderError("Unavailable", {
    operation,
    resource,
    reason: `the connection to the NBD server is gone${detail}`,
    action: "It is tried again; nothing that was acknowledged durable is sent twice.",
    cause,
  });
}

export function protocolError(operation: string, resource: string, reason: string): ProviderError {
  return new ProviderError("Unknown", {
    operation,
    resource,
    reason,
    action: "Check that the address belongs to an NBD server of a supported kind.",
  });
}
