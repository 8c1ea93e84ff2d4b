import { ProviderError } from "../domain/errors.ts";

/** SQLSTATE classes and codes after which the same call can succeed: lost connections, a server that starts, stops or is
 *  full, and transactions that lost a race. https://www.postgresql.org/docs/18/errcodes-appendix.html */
const transientStates = ["08", "53", "57P01", "57P02", "57P03", "57P05", "40001", "40P01", "25006", "58"];
const timeoutStates = ["57014", "55P03", "25P03", "25P04"];
/** What pg and Node say about a connection that is gone; they carry no SQLSTATE. */
const lostConnection =
  /Connection terminated|Connection ended|connection error|not queryable|timeout exceeded when trying to connect|timeout expired|Client was closed|read timeout/i;
const systemErrors = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EACCES",
]);

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}

/** True when the connection that gave this error must not be used again. */
export function breaksConnection(error: unknown): boolean {
  const code = codeOf(error);
  if (systemErrors.has(code) || code.startsWith("08") || code.startsWith("57P")) return true;
  return error instanceof Error && lostConnection.test(error.message);
}

/**
 * True when the statement certainly had no effect: the connection had ended while it was idle, which shows at its next
 * use only. `begin` has none in any case.
 */
export function neverRan(error: unknown, statement: string): boolean {
  if (!breaksConnection(error)) return false;
  if (statement === "begin") return true;
  const said = error instanceof Error && /not queryable|Client was closed/.test(error.message);
  return said || ["57P01", "57P02", "57P03", "EPIPE"].includes(codeOf(error));
}

/**
 * The database's failures as the rest of the product knows them: `Unavailable` for a store that is away or busy (every
 * caller retries it), `Timeout` for a statement that took too long, `Unknown` for what is a defect of ours.
 */
export function toStoreError(error: unknown, operation: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const code = codeOf(error);
  const message =
    error instanceof Error ? (error instanceof AggregateError ? firstMessage(error) : error.message) : String(error);
  const resource = "store/postgres";
  if (breaksConnection(error) || transientStates.some((state) => code.startsWith(state))) {
    return new ProviderError("Unavailable", {
      operation,
      resource,
      reason: message || code,
      action: "It is tried again; if this lasts, see that PostgreSQL runs and that DATABASE_URL names it.",
      cause: error,
    });
  }
  if (timeoutStates.some((state) => code.startsWith(state))) {
    return new ProviderError("Timeout", {
      operation,
      resource,
      reason: message,
      action: "It is tried again; if this lasts, look for long-running statements in pg_stat_activity.",
      cause: error,
    });
  }
  if (code === "23505") {
    return new ProviderError("Conflict", {
      operation,
      resource,
      reason: "there is one with this name or key already",
      action: "Use another name, or the one that is there.",
      cause: error,
    });
  }
  return new ProviderError("Unknown", {
    operation,
    resource,
    reason: code ? `${message} (SQLSTATE ${code})` : message,
    action: "See the log of this process for the statement, and report it.",
    cause: error,
  });
}

function firstMessage(error: AggregateError): string {
  const first: unknown = error.errors[0];
  return first instanceof Error ? first.message : error.message;
}
