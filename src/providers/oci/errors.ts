import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import { lostKey, type Subject } from "../failures.ts";
import { Refusal } from "./http.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly action: string;
}

const capacity: Meaning = {
  code: "InsufficientCapacity",
  action: "Use another shape, availability domain or fault domain, or try again later.",
};
const quota: Meaning = {
  code: "QuotaExceeded",
  action: "Ask Oracle for a higher service limit, or remove what is not needed.",
};
const throttled: Meaning = { code: "RateLimited", action: "It is tried again, more slowly." };
const unauthenticated: Meaning = {
  code: "CloudUnauthenticated",
  action: "Check the site's credentials and this machine's clock; `novacron providers check` says what is accepted.",
};
const denied: Meaning = {
  code: "CloudPermissionDenied",
  action: "Allow the group or dynamic group what the Oracle Cloud provider's README lists.",
};
const away: Meaning = { code: "Unavailable", action: "It is tried again." };
const slow: Meaning = { code: "Timeout", action: "It is tried again." };
/** Oracle does not tell a resource that is not there from one that may not be seen. */
const gone: Meaning = {
  code: "NotFound",
  action: "Refresh the inventory: it may have been removed, or the policies may not let us see it.",
};
const conflict: Meaning = { code: "Conflict", action: "Look at the resource's state at Oracle Cloud and try again." };
const invalid: Meaning = { code: "InvalidInput", action: "Correct the value that Oracle names." };

/** The one table from Oracle's codes to the union: "API Errors". What is not here goes by the status. */
const codes: Readonly<Record<string, Meaning>> = {
  LimitExceeded: quota,
  QuotaExceeded: { ...quota, action: "Raise the compartment's quota policy, or remove what is not needed." },
  StorageLimitExceeded: quota,
  StorageQuotaExceeded: quota,
  BucketLimitExceeded: quota,
  TooManyRequests: throttled,
  NotAuthenticated: unauthenticated,
  SignUpRequired: { ...denied, action: "Sign the tenancy up for Oracle Cloud first." },
  NotAuthorized: denied,
  NotAllowed: denied,
  InsufficientServicePermissions: denied,
  NotAuthorizedOrNotFound: gone,
  NotFound: gone,
  NamespaceNotFound: gone,
  BucketNotFound: gone,
  ObjectNotFound: gone,
  NoSuchUpload: gone,
  UploadNotFound: gone,
  NotAuthorizedOrFoundKmsKey: lostKey,
  NotAuthorizedOrResourceAlreadyExists: {
    ...conflict,
    reason: "it exists already, or the policies don't let us make it",
    action: "Choose another name, or allow what the Oracle Cloud provider's README lists.",
  },
  BucketAlreadyExists: { ...conflict, action: "Choose another name: it is taken in the tenancy's namespace." },
  BucketNotEmpty: { ...conflict, action: "Remove its objects and unfinished uploads first." },
  IncorrectState: conflict,
  InvalidatedRetryToken: { ...conflict, reason: "what the same request made before is gone" },
  CurrentlyOverrideResource: conflict,
  Conflict: conflict,
  ExternalServerIncorrectState: away,
  NoEtagMatch: { ...conflict, reason: "somebody else has changed it meanwhile" },
  IfMatchFailed: { ...conflict, reason: "somebody else has changed it meanwhile" },
  IfNoneMatchFailed: { ...conflict, reason: "it exists already" },
  InvalidParameter: invalid,
  MissingParameter: invalid,
  CannotParseRequest: invalid,
  RelatedResourceNotAuthorizedOrNotFound: { ...invalid, reason: "something that it names is not there, or not ours" },
  MethodNotAllowed: { code: "UnsupportedCapability", action: "Leave this option out." },
  NotImplemented: { code: "UnsupportedCapability", action: "Leave this option out." },
  UnprocessableEntity: invalid,
  RangeNotSatisfiable: invalid,
  ContentMD5Mismatch: {
    code: "IntegrityFailure",
    action: "The bytes changed on their way; check this machine's memory and network.",
  },
  UnmatchedContentMD5: {
    code: "IntegrityFailure",
    action: "The bytes changed on their way; check this machine's memory and network.",
  },
  // Our own word for a faulty backup: what it should hold is lost.
  BackupFailed: { code: "IntegrityFailure", action: "It can't be used; delete it and take another." },
  InternalServerError: away,
  InternalError: away,
  ServiceUnavailable: away,
  Timeout: slow,

  // What Node says of a connection.
  ECONNREFUSED: { ...away, reason: "the endpoint does not answer", action: "Check the network and the endpoint." },
  ECONNRESET: away,
  EPIPE: away,
  UND_ERR_SOCKET: { ...away, reason: "the connection was closed in the middle of an answer" },
  UND_ERR_CONNECT_TIMEOUT: slow,
  UND_ERR_HEADERS_TIMEOUT: slow,
  UND_ERR_BODY_TIMEOUT: slow,
  EAI_AGAIN: { ...away, reason: "the endpoint's name can't be resolved now", action: "Check this machine's DNS." },
  ENOTFOUND: {
    ...away,
    reason: "there is no host of that name",
    action: "Check the site's region and endpoint, and this machine's DNS.",
  },
  EHOSTUNREACH: away,
  ENETUNREACH: away,
  ETIMEDOUT: slow,
  TimeoutError: slow,
  CERT_HAS_EXPIRED: {
    code: "CloudUnauthenticated",
    action: "Check this machine's clock and its trusted certificates.",
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    code: "CloudUnauthenticated",
    action: "Trust the endpoint's certificate (NODE_EXTRA_CA_CERTS), or use another endpoint.",
  },
};

/** Oracle says it in the message alone: a 500 "InternalError" that no repetition helps. */
const messages: readonly (readonly [RegExp, Meaning])[] = [
  [/out of host capacity|out of capacity/i, capacity],
  [/limit(s)? .*exceeded|exceeded .*limit/i, quota],
];

const statuses: Readonly<Record<number, Meaning>> = {
  400: invalid,
  401: unauthenticated,
  403: denied,
  404: gone,
  409: conflict,
  412: conflict,
  413: invalid,
  429: throttled,
};

/** A failed call of the SDK, or an error of the network beneath it. */
export function ociFailure(error: unknown, subject: Subject, redact: (text: string) => string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, status, message, retryAfterMs, requestId } = readError(error);
  const said = redact(message.replace(/\.$/, "").slice(0, 600)) || "no message";
  return failure(code, said, status, subject, { retryAfterMs, requestId });
}

/** The failure that words stand for which came in an answer: those of a work request, say. */
export function codeFailure(code: string, message: string, subject: Subject): ProviderError {
  return failure(code, message.replace(/\.$/, ""), undefined, subject, {});
}

/** Oracle's own word for it. */
export function vendorCode(error: unknown): string | undefined {
  return error instanceof ProviderError ? (error.details.facts?.vendorCode as string | undefined) : undefined;
}

/** Whether it was refused because somebody else has changed the resource since its entity tag was read. */
export function isStale(error: unknown): boolean {
  return error instanceof ProviderError && error.details.facts?.status === 412;
}

function failure(
  code: string,
  said: string,
  status: number | undefined,
  subject: Subject,
  more: { retryAfterMs?: number | undefined; requestId?: string | undefined },
): ProviderError {
  const meaning = meaningOf(code, said, status);
  const label = `Oracle Cloud: ${code}: ${said}`;
  const { retryAfterMs, requestId } = more;
  return new ProviderError(meaning.code, {
    ...subject,
    reason: meaning.reason ? `${meaning.reason} (${label})` : label,
    action: meaning.action,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    facts: { vendorCode: code, ...(status && { status }), ...(requestId && { requestId }) },
  });
}

function meaningOf(code: string, message: string, status: number | undefined): Meaning {
  if (status === undefined || status >= 500 || status === 400) {
    const told = messages.find(([pattern]) => pattern.test(message))?.[1];
    if (told) return told;
  }
  const known = codes[code];
  if (known) return known;
  const byStatus = status === undefined ? undefined : statuses[status];
  if (byStatus) return byStatus;
  if (status !== undefined && status >= 500) return away;
  return { code: "Unknown", action: "See the site's log; report it if it happens again." };
}

function readError(error: unknown) {
  if (error instanceof Refusal) {
    const { code = "None", status, message, retryAfterMs, requestId } = error;
    return { code, status, message, retryAfterMs, requestId };
  }
  if (!(error instanceof Error)) return { code: "Unknown", message: String(error) };
  // `fetch failed` has the reason behind it.
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string" && codes[code] !== undefined) return { code, message: at.message };
    if (codes[at.name] !== undefined) return { code: at.name, message: at.message };
  }
  return { code: error.name === "Error" ? "Unknown" : error.name, message: error.message };
}
