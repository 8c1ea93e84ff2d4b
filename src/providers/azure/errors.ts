// Long because it is one table, to be read whole.
import { type ErrorCode, isProviderError, ProviderError } from "../../domain/errors.ts";
import { lostKey, type Subject } from "../failures.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly action: string;
}

const capacity: Meaning = {
  code: "InsufficientCapacity",
  action: "Use another size or another zone, or try again later.",
};
const quota: Meaning = {
  code: "QuotaExceeded",
  action: "Ask Azure for a higher quota (Usage + quotas of the subscription), or remove what is not needed.",
};
const throttled: Meaning = { code: "RateLimited", action: "It is tried again, more slowly." };
const unauthenticated: Meaning = {
  code: "CloudUnauthenticated",
  action: "Check the site's credentials; `novacron providers check` says what they are taken for.",
};
const denied: Meaning = {
  code: "CloudPermissionDenied",
  action: "Give the identity the actions that Azure names; the Azure provider's README has the whole role.",
};
const away: Meaning = { code: "Unavailable", action: "It is tried again." };
const slow: Meaning = { code: "Timeout", action: "It is tried again." };
const gone: Meaning = { code: "NotFound", action: "Refresh the inventory; it may have been removed." };
const conflict: Meaning = { code: "Conflict", action: "Look at the resource's state at Azure and try again." };
const busy: Meaning = {
  code: "Unavailable",
  reason: "Azure is at something else with it",
  action: "It is tried again.",
};
const invalid: Meaning = { code: "InvalidInput", action: "Correct the value that Azure names." };
const unsupported: Meaning = { code: "UnsupportedCapability", action: "Leave this option out, or use another size." };
const shutOut: Meaning = {
  code: "Conflict",
  reason: "another attempt has taken over",
  action: "Leave it to the newer attempt.",
};

/** Azure's words for failures ("Resolve errors for …", "Status and error codes" of the storage services) and ours. */
const codes: Readonly<Record<string, Meaning>> = {
  // Capacity: "Troubleshoot allocation failures", "Resolve errors for SKU not available".
  AllocationFailed: capacity,
  ZonalAllocationFailed: capacity,
  OverconstrainedAllocationRequest: capacity,
  OverconstrainedZonalAllocationRequest: capacity,
  SkuNotAvailable: capacity,
  NotAvailableForSubscription: capacity,
  // Quotas.
  QuotaExceeded: quota,
  ResourceQuotaExceeded: quota,
  PublicIPCountLimitReached: quota,
  MaxStorageAccountsCountPerSubscriptionExceeded: quota,
  // Throttling.
  TooManyRequests: throttled,
  OperationNotAllowedDueToThrottling: throttled,
  SubscriptionRequestsThrottled: throttled,
  ServerBusy: throttled,
  // Who we are and what we may do.
  AuthenticationFailed: unauthenticated,
  InvalidAuthenticationToken: unauthenticated,
  InvalidAuthenticationTokenTenant: unauthenticated,
  ExpiredAuthenticationToken: unauthenticated,
  InvalidAuthenticationInfo: unauthenticated,
  NoAuthenticationInformation: unauthenticated,
  AuthenticationError: unauthenticated,
  AuthenticationRequiredError: unauthenticated,
  CredentialUnavailableError: unauthenticated,
  AggregateAuthenticationError: unauthenticated,
  invalid_client: unauthenticated,
  unauthorized_client: unauthenticated,
  SubscriptionNotFound: {
    code: "CloudUnauthenticated",
    action: "Check the site's subscription_id, and that the identity may see the subscription.",
  },
  AuthorizationFailed: denied,
  LinkedAuthorizationFailed: denied,
  AuthorizationPermissionMismatch: denied,
  AuthorizationFailure: denied,
  InsufficientAccountPermissions: denied,
  // The customer's key: of disks, and of the storage account ("Common REST API error codes").
  KeyVaultAccessForbidden: lostKey,
  KeyVaultEncryptionKeyNotFound: lostKey,
  KeyVaultVaultNotFound: lostKey,
  KeyVaultAccessTokenCannotBeAcquired: lostKey,
  RequestDisallowedByPolicy: { code: "PolicyBlocked", action: "Ask whoever keeps the subscription's Azure policies." },
  ScopeLocked: { code: "PolicyBlocked", action: "Take the lock off the resource or its resource group." },
  // What is not there.
  ResourceNotFound: gone,
  NotFound: gone,
  ResourceGroupNotFound: {
    code: "NotFound",
    action: "Make the resource group, or correct the site's resource_group.",
  },
  ParentResourceNotFound: gone,
  InvalidResourceReference: gone,
  BlobNotFound: gone,
  ContainerNotFound: gone,
  PlatformImageNotFound: gone,
  ImageNotFound: gone,
  // What is in the way.
  Conflict: conflict,
  ConflictingUserInput: conflict,
  InUseSubnetCannotBeDeleted: conflict,
  InUseNetworkSecurityGroupCannotBeDeleted: conflict,
  PublicIPAddressCannotBeDeleted: conflict,
  NicInUse: conflict,
  DiskInUse: conflict,
  PropertyChangeNotAllowed: conflict,
  OperationNotAllowed: conflict,
  AttachDiskWhileBeingDetached: busy,
  AnotherOperationInProgress: busy,
  OperationPreempted: busy,
  RetryableError: busy,
  NicReservedForAnotherVm: busy,
  ContainerBeingDeleted: busy,
  ContainerAlreadyExists: conflict,
  BlobAlreadyExists: conflict,
  PendingCopyOperation: conflict,
  ConditionNotMet: conflict,
  TargetConditionNotMet: conflict,
  UnmodifiedSinceConditionNotMet: conflict,
  SnapshotsPresent: conflict,
  // Leases: whose blob it is to write.
  LeaseAlreadyPresent: conflict,
  LeaseIdMissing: shutOut,
  LeaseIdMismatchWithBlobOperation: shutOut,
  LeaseIdMismatchWithLeaseOperation: shutOut,
  LeaseNotPresentWithBlobOperation: shutOut,
  LeaseNotPresentWithLeaseOperation: shutOut,
  LeaseLost: shutOut,
  LeaseIsBrokenAndCannotBeRenewed: shutOut,
  // What we got wrong.
  BadRequest: invalid,
  InvalidParameter: invalid,
  InvalidRequestContent: invalid,
  InvalidResource: invalid,
  InvalidRequestFormat: invalid,
  InvalidTemplate: invalid,
  InvalidHeaderValue: invalid,
  InvalidPageRange: invalid,
  InvalidRange: invalid,
  InvalidBlockList: invalid,
  InvalidBlobOrBlock: invalid,
  InvalidBlockId: invalid,
  LocationNotAvailableForResourceType: invalid,
  MissingSubscriptionRegistration: {
    code: "UnsupportedCapability",
    action: "Register the resource provider that Azure names with the subscription.",
  },
  FeatureNotSupported: unsupported,
  // The service itself.
  InternalServerError: away,
  InternalError: away,
  ServiceUnavailable: away,
  InternalExecutionError: away,
  NetworkingInternalOperationError: away,
  VMStartTimedOut: slow,
  GatewayTimeout: slow,
  OperationTimedOut: slow,
  // What the login service says of itself ("Microsoft Entra authentication and authorization error codes").
  temporarily_unavailable: { ...away, reason: "the login service is overloaded or away" },
  server_error: { ...away, reason: "the login service is overloaded or away" },
  // The network on the way; the first two are the login library's words for it.
  network_error: { ...away, reason: "the login service does not answer", action: "Check the network." },
  endpoints_resolution_error: { ...away, reason: "the login service does not answer", action: "Check the network." },
  ECONNREFUSED: { ...away, reason: "the endpoint does not answer", action: "Check the network and the endpoint." },
  ECONNRESET: away,
  EPIPE: away,
  REQUEST_SEND_ERROR: away,
  ENOTFOUND: {
    ...away,
    reason: "there is no host of that name",
    action: "Check the site's storage_account and this machine's DNS.",
  },
  EAI_AGAIN: { ...away, reason: "the endpoint's name can't be resolved now", action: "Check this machine's DNS." },
  EHOSTUNREACH: away,
  ENETUNREACH: away,
  ETIMEDOUT: slow,
};

/** For the families of codes; the first match counts. */
const patterns: readonly (readonly [RegExp, Meaning])[] = [
  [/NotFound$/, gone],
  [/(Quota|Limit)(Exceeded|Reached)$/, quota],
  [/AllocationFailed|Overconstrained/, capacity],
  [/Throttl/, throttled],
  [/CannotBeDeleted$|InUse$|AlreadyExists$/, conflict],
  [/^Invalid|^Missing/, invalid],
];

const statuses: Readonly<Record<number, Meaning>> = {
  401: unauthenticated,
  403: denied,
  404: gone,
  408: slow,
  409: conflict,
  412: conflict,
  429: throttled,
};

/** Whatever keeps the login library from a token, it says that one must sign in; what it was comes first in its words. */
const unserved = /^(network_error|endpoints_resolution_error|temporarily_unavailable|server_error)\b/;

/** Azure says several things by one code, and what it means in words. */
const messages: readonly (readonly [code: string, RegExp, Meaning])[] = [
  ["OperationNotAllowed", /quota|cores? limit/i, quota],
  ["AuthenticationFailed", /signature|sig |expired|se=/i, unauthenticated],
];

/** A failed call of the SDK, or an error of the network beneath it. */
export function azureFailure(error: unknown, subject: Subject, redact: (text: string) => string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, status, message, retryAfterMs, requestId } = readError(error);
  const meaning = meaningOf(code, status, message);
  const said = redact(message.replace(/\s+/g, " ").replace(/\.$/, "").slice(0, 600)) || "no message";
  const label = `Azure: ${code}: ${said}`;
  return new ProviderError(meaning.code, {
    ...subject,
    reason: meaning.reason ? `${meaning.reason} (${label})` : label,
    action: meaning.action,
    retryAfterMs,
    facts: { vendorCode: code, ...(status && { status }), ...(requestId && { requestId }) },
  });
}

/** Azure's own word for it. */
export function vendorCode(error: unknown): string | undefined {
  return error instanceof ProviderError ? (error.details.facts?.vendorCode as string | undefined) : undefined;
}

/** The lease that a call came with is not the blob's, or the blob has another one. */
export function isLeaseFailure(error: unknown): boolean {
  return vendorCode(error)?.startsWith("Lease") ?? false;
}

/** What a request's status means, for those who count calls; undefined is a request without an answer. */
export function statusCode(status: number | undefined): string {
  if (status === undefined) return "Unavailable";
  if (status < 400) return "ok";
  return statuses[status]?.code ?? (status >= 500 ? "Unavailable" : "InvalidInput");
}

/** A thing that is not there is no failure for who removes or looks for it. */
export async function goneIsUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isProviderError(error, "NotFound") && vendorCode(error) !== "ResourceGroupNotFound") return undefined;
    throw error;
  }
}

function meaningOf(code: string, status: number | undefined, message: string): Meaning {
  const said = messages.find(([of, words]) => of === code && words.test(message))?.[2];
  const known = said ?? codes[code] ?? patterns.find(([pattern]) => pattern.test(code))?.[1];
  if (known) return known;
  const byStatus = status === undefined ? undefined : statuses[status];
  if (byStatus) return byStatus;
  if (status !== undefined && status >= 500) return away;
  if (status === 400) return invalid;
  return { code: "Unknown", action: "See the site's log; report it if it happens again." };
}

interface Seen {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly requestId?: string;
}

/** The parts of what the SDK throws that matter: Resource Manager's own error lies in the body, the storage services' in a
 *  header, and that of a long operation in the words of the SDK. */
function readError(error: unknown): Seen {
  if (!(error instanceof Error)) return { code: "Unknown", message: String(error) };
  const raw = error as Error & {
    code?: unknown;
    statusCode?: number;
    errorResponse?: { error?: string; errorDescription?: string };
    details?: { error?: { code?: string; message?: string }; errorCode?: string; code?: string };
    response?: { headers?: { get(name: string): string | undefined } };
  };
  const operation = /^The long-running operation has failed\. ([A-Za-z]+)\. ([\s\S]*)$/.exec(raw.message);
  if (operation) return { code: operation[1] ?? "Unknown", message: operation[2] ?? "" };
  const [unreached] = unserved.exec(raw.message) ?? [];
  const named = [
    unreached,
    raw.details?.error?.code,
    raw.details?.errorCode,
    raw.code,
    raw.errorResponse?.error,
    raw.name,
  ];
  const code = named.find((name): name is string => typeof name === "string" && name !== "" && name !== "RestError");
  const headers = raw.response?.headers;
  const seconds = Number(headers?.get("retry-after") ?? Number.NaN);
  const requestId = headers?.get("x-ms-request-id");
  return {
    code: code === "Error" || code === undefined ? "Unknown" : code,
    message: raw.details?.error?.message ?? raw.message,
    status: raw.statusCode,
    ...(Number.isFinite(seconds) && seconds > 0 && { retryAfterMs: seconds * 1_000 }),
    ...(requestId !== undefined && { requestId }),
  };
}

/** Whether the entity tag that a change was to meet is another one by now. */
export function isStale(error: unknown): boolean {
  return isProviderError(error, "Conflict") && error.details.facts?.status === 412;
}
