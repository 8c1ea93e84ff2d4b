// Long because it is one table, to be read whole.
import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import { lostKey, type Subject } from "../failures.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly action: string;
}

const capacity: Meaning = {
  code: "InsufficientCapacity",
  action: "Use another instance type or another zone, or try again later.",
};
const quota: Meaning = {
  code: "QuotaExceeded",
  action: "Ask AWS for a higher quota (Service Quotas), or remove what is not needed.",
};
const throttled: Meaning = { code: "RateLimited", action: "It is tried again, more slowly." };
const unauthenticated: Meaning = {
  code: "CloudUnauthenticated",
  action: "Check the site's credentials; `novacron providers check` says what they are taken for.",
};
const denied: Meaning = {
  code: "CloudPermissionDenied",
  action: "Allow the identity what AWS names; the AWS provider's README has the whole policy.",
};
const away: Meaning = { code: "Unavailable", action: "It is tried again." };
const slow: Meaning = { code: "Timeout", action: "It is tried again." };
const gone: Meaning = { code: "NotFound", action: "Refresh the inventory; it may have been removed." };
const conflict: Meaning = { code: "Conflict", action: "Look at the resource's state at AWS and try again." };
const invalid: Meaning = { code: "InvalidInput", action: "Correct the value that AWS names." };
const unsupported: Meaning = { code: "UnsupportedCapability", action: "Leave this option out, or use another type." };
const clock: Meaning = {
  code: "Unavailable",
  reason: "this machine's clock is wrong: AWS takes requests within a few minutes of its own time only",
  action: "Set the clock (NTP).",
};
const optIn: Meaning = {
  code: "CloudPermissionDenied",
  action: "Enable the region for the account, or sign the account up for the service.",
};

/**
 * The one table from AWS's codes to the union: the EC2 "Error codes" page, the error shapes of EBS direct, S3, STS, IAM
 * and Service Quotas, and the codes of an instance's state reason. A code with a reason behind it (`name:reason`) is
 * looked up first; what is not here goes by {@link patterns}.
 */
const codes: Readonly<Record<string, Meaning>> = {
  InsufficientInstanceCapacity: capacity,
  InsufficientHostCapacity: capacity,
  InsufficientReservedInstanceCapacity: capacity,
  InsufficientCapacityOnHost: capacity,
  InsufficientVolumeCapacity: capacity,
  InsufficientAddressCapacity: capacity,
  InsufficientFreeAddressesInSubnet: { ...capacity, action: "Use another subnet: this one has no free address." },
  InsufficientCapacity: capacity,
  UnfulfillableCapacity: capacity,
  SpotMaxPriceTooLow: capacity,
  Unsupported: { ...capacity, action: "Use an instance type that is offered in this zone, or another zone." },
  "Server.InsufficientInstanceCapacity": capacity,
  "Server.SpotInstanceTermination": capacity,
  "Client.VolumeLimitExceeded": quota,
  "Client.InstanceInitiatedShutdown": conflict,
  "Client.UserInitiatedShutdown": conflict,
  "Client.InternalError": {
    code: "CloudPermissionDenied",
    reason: "AWS ended the instance as it started: most often the key of its disks may not be used",
    action: "Let the identity use the disks' KMS key (kms:CreateGrant, kms:Decrypt), or leave the key out.",
  },
  "Client.InvalidSnapshot.NotFound": gone,

  VcpuLimitExceeded: quota,
  InstanceLimitExceeded: quota,
  MaxSpotInstanceCountExceeded: quota,
  ActiveVpcPeeringConnectionPerVpcLimitExceeded: quota,
  ConcurrentSnapshotLimitExceeded: quota,
  ConcurrentCreateImageNoRebootLimitExceeded: quota,
  SnapshotCreationPerVolumeRateExceeded: throttled,
  PendingSnapshotLimitExceeded: quota,
  TagLimitExceeded: { ...invalid, action: "Remove tags: a resource takes 50." },
  ResourceLimitExceeded: quota,
  ServiceQuotaExceededException: quota,
  TooManyBuckets: quota,
  TooManyLoadBalancersException: quota,
  TooManyTargetsException: quota,
  TooManyRegistrationsForTargetIdException: quota,
  LimitExceededFault: quota,
  QueueDoesNotExist: gone,
  "AWS.SimpleQueueService.NonExistentQueue": gone,
  LimitExceededException: quota,

  RequestLimitExceeded: throttled,
  Throttling: throttled,
  ThrottlingException: throttled,
  ThrottledException: throttled,
  RequestThrottled: throttled,
  RequestThrottledException: throttled,
  TooManyRequestsException: throttled,
  ConcurrentLimitExceededException: throttled,
  SlowDown: throttled,
  EC2ThrottledException: throttled,
  BandwidthLimitExceeded: throttled,
  PriorRequestNotComplete: throttled,

  AuthFailure: unauthenticated,
  InvalidClientTokenId: unauthenticated,
  UnrecognizedClientException: unauthenticated,
  SignatureDoesNotMatch: { ...unauthenticated, reason: "the secret key does not belong to the access key" },
  IncompleteSignature: unauthenticated,
  MissingAuthenticationToken: unauthenticated,
  ExpiredToken: unauthenticated,
  ExpiredTokenException: unauthenticated,
  RequestExpired: clock,
  InvalidAccessKeyId: unauthenticated,
  InvalidToken: unauthenticated,
  InvalidIdentityToken: unauthenticated,
  IDPRejectedClaim: unauthenticated,
  CredentialsProviderError: unauthenticated,
  TokenProviderError: unauthenticated,
  RequestTimeTooSkewed: clock,
  "AccessDeniedException:UNAUTHORIZED_ACCOUNT": denied,

  "InvalidKMSKey.NotFound": lostKey,
  "InvalidKMSKey.InvalidState": lostKey,
  "Client.InvalidKMSKey.InvalidState": lostKey,
  "AccessDeniedException:DEPENDENCY_ACCESS_DENIED": lostKey,
  "KMS.DisabledException": lostKey,
  "KMS.NotFoundException": lostKey,
  "KMS.KMSInvalidStateException": lostKey,

  // Not a failure at all: what a dry run would have been allowed to do.
  DryRunOperation: conflict,
  UnauthorizedOperation: denied,
  AccessDenied: denied,
  AccessDeniedException: denied,
  AllAccessDisabled: denied,
  "ResourceNotFoundException:GRANT_NOT_FOUND": denied,
  OptInRequired: optIn,
  PendingVerification: { ...optIn, action: "Wait until AWS has verified the account for this region." },
  Blocked: { ...optIn, action: "The account is blocked; ask AWS Support." },
  SubscriptionRequiredException: optIn,

  InternalError: away,
  InternalFailure: away,
  InternalServerException: away,
  ServiceUnavailable: away,
  ServiceUnavailableException: away,
  Unavailable: away,
  "Server.InternalError": away,
  IDPCommunicationError: away,
  "ValidationException:INVALID_DEPENDENCY_REQUEST": away,
  RequestTimeout: slow,
  RequestTimeoutException: slow,
  TimeoutError: slow,
  "ValidationException:WRITE_REQUEST_TIMEOUT": slow,

  NoSuchKey: gone,
  NoSuchBucket: gone,
  NoSuchUpload: gone,
  NoSuchEntity: gone,
  NotFound: gone,
  NoSuchResourceException: gone,
  ResourceNotFoundException: gone,
  DataUnavailableException: { ...gone, action: "Wait until Cost Explorer has a few days of data." },
  "ValidationException:INVALID_SNAPSHOT_ID": gone,
  "ValidationException:INVALID_IMAGE_ID": gone,
  "ValidationException:UNRELATED_SNAPSHOTS": {
    ...gone,
    reason: "AWS does not know what differs between the two snapshots",
  },

  ConflictException: conflict,
  "ValidationException:CONFLICTING_BLOCK_UPDATE": { ...away, reason: "the block is being written by another request" },
  DependencyViolation: { ...conflict, action: "Remove first what uses it." },
  CannotDelete: conflict,
  ResourceInUseException: conflict,
  VolumeInUse: { ...conflict, action: "Detach the volume from its instance first." },
  VolumeAlreadyInUse: { ...conflict, action: "Detach the volume from its instance first." },
  IncorrectState: conflict,
  IncorrectInstanceState: conflict,
  IncorrectModificationState: conflict,
  InvalidState: conflict,
  InvalidInstanceState: conflict,
  IdempotentParameterMismatch: { ...conflict, reason: "the same request was made before with other values" },
  IdempotentInstanceTerminated: conflict,
  OperationNotPermitted: { ...conflict, action: "Take the protection (termination or stop protection) off first." },
  BucketAlreadyExists: { ...conflict, action: "Choose another name: bucket names are unique in all of AWS." },
  BucketAlreadyOwnedByYou: conflict,
  BucketNotEmpty: { ...conflict, action: "Remove its objects first." },
  OperationAborted: { ...away, reason: "another operation on it is under way" },
  PreconditionFailed: conflict,
  ConditionalRequestConflict: { ...away, reason: "somebody else is writing it at this moment" },
  InvalidPart: conflict,
  AddressLimitExceeded: quota,

  UnsupportedOperation: unsupported,
  UnsupportedException: unsupported,
  NotImplemented: unsupported,
  InvalidAction: unsupported,

  // Our own word for the state `error` of a snapshot: what it holds is not what was counted, or AWS lost it.
  SnapshotFailed: {
    code: "IntegrityFailure",
    action: "It can't be used; it is kept for AWS Support until the migration is rolled back.",
  },
  BadDigest: {
    code: "IntegrityFailure",
    action: "The bytes changed on their way; check this machine's memory and network.",
  },
  MissingParameter: invalid,
  UnknownParameter: invalid,
  ValidationError: invalid,
  ValidationException: invalid,
  MalformedXML: invalid,
  EntityTooLarge: invalid,
  EntityTooSmall: invalid,
  IllegalLocationConstraintException: invalid,
  RegionDisabledException: optIn,
  PackedPolicyTooLarge: invalid,
  MalformedPolicyDocument: invalid,

  // What Node says of a connection.
  ECONNREFUSED: { ...away, reason: "the endpoint does not answer", action: "Check the network and the endpoint." },
  ECONNRESET: away,
  EPIPE: away,
  EAI_AGAIN: { ...away, reason: "the endpoint's name can't be resolved now", action: "Check this machine's DNS." },
  ENOTFOUND: {
    ...away,
    reason: "there is no host of that name",
    action: "Check the site's region and endpoint, and this machine's DNS.",
  },
  EHOSTUNREACH: away,
  ENETUNREACH: away,
  ETIMEDOUT: slow,
  ERR_STREAM_PREMATURE_CLOSE: away,
  CERT_HAS_EXPIRED: {
    code: "CloudUnauthenticated",
    action: "Check this machine's clock and its trusted certificates.",
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    code: "CloudUnauthenticated",
    action: "Trust the endpoint's certificate (NODE_EXTRA_CA_CERTS), or use another endpoint.",
  },
};

/** For the families of codes; the first match counts. */
const patterns: readonly (readonly [RegExp, Meaning])[] = [
  [/NotFound$|^NoSuch|NotFoundException$/, gone],
  [/(Limit|Quota)Exceeded(Exception)?$|Max\w+Exceeded$/, quota],
  [/InUse$|AlreadyExists$|\.Duplicate$|AlreadyAssociated$|IncorrectState$/, conflict],
  [/Insufficient\w*Capacity/, capacity],
  [/^Invalid|Malformed|^Missing|^Unknown\w/, invalid],
];

/** An answer to HEAD has no body that could hold a code. */
const statuses: Readonly<Record<number, Meaning>> = { 401: unauthenticated, 403: denied, 404: gone, 429: throttled };

/** A failed call of the SDK, or an error of the network beneath it. */
export function awsFailure(error: unknown, subject: Subject, redact: (text: string) => string): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, status, message, retryAfterMs, requestId } = readError(error);
  const meaning = meaningOf(code, status);
  const said = redact(message.replace(/\.$/, "").slice(0, 600)) || "no message";
  const label = `AWS: ${code}: ${said}`;
  return new ProviderError(meaning.code, {
    ...subject,
    reason: meaning.reason ? `${meaning.reason} (${label})` : label,
    action: meaning.action,
    retryAfterMs,
    facts: { vendorCode: code, ...(status && { status }), ...(requestId && { requestId }) },
  });
}

/** The failure that a code stands for which came in an answer (an instance's state reason, say). */
export function codeFailure(code: string, message: string, subject: Subject): ProviderError {
  const meaning = meaningOf(code, undefined);
  const label = `AWS: ${code}: ${message}`;
  return new ProviderError(meaning.code, {
    ...subject,
    reason: meaning.reason ? `${meaning.reason} (${label})` : label,
    action: meaning.action,
    facts: { vendorCode: code },
  });
}

/** AWS's own word for it. */
export function vendorCode(error: unknown): string | undefined {
  return error instanceof ProviderError ? (error.details.facts?.vendorCode as string | undefined) : undefined;
}

function meaningOf(code: string, status: number | undefined): Meaning {
  const [name = ""] = code.split(":");
  const known = codes[code] ?? codes[name] ?? patterns.find(([pattern]) => pattern.test(name))?.[1];
  if (known) return known;
  const byStatus = status === undefined ? undefined : statuses[status];
  if (byStatus) return byStatus;
  if (status !== undefined && status >= 500) return away;
  return { code: "Unknown", action: "See the site's log; report it if it happens again." };
}

/** The parts of what the SDK throws that matter: its name is the service's code, EBS direct adds a reason. */
function readError(error: unknown) {
  if (!(error instanceof Error)) return { code: "Unknown", message: String(error) };
  const raw = error as Error & {
    code?: unknown;
    Reason?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string };
    $response?: { headers?: Record<string, string> };
  };
  const network = typeof raw.code === "string" && codes[raw.code] !== undefined ? raw.code : undefined;
  const base = network ?? (raw.name === "Error" ? "Unknown" : raw.name);
  const seconds = Number(raw.$response?.headers?.["retry-after"]);
  return {
    code: typeof raw.Reason === "string" ? `${base}:${raw.Reason}` : base,
    message: raw.message,
    status: raw.$metadata?.httpStatusCode,
    requestId: raw.$metadata?.requestId,
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined,
  };
}
