import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import createClient, { type Client } from "openapi-fetch";
import { CliError } from "./failure.ts";
import type { components, paths } from "./generated/api.ts";
import { knownLogin } from "./login-file.ts";
import { readConnection } from "./stack/index.ts";

export type Api = Client<paths>;
export type Schemas = components["schemas"];

export interface ApiOptions {
  readonly instance?: string;
  /** For an API that is not of a stack on this machine. */
  readonly apiUrl?: string;
  readonly tokenFile?: string;
  /** PEM file with an authority that is trusted beside the system's. */
  readonly caFile?: string;
}

export interface ConnectedApi {
  readonly api: Api;
  readonly baseUrl: string;
  readonly token: string;
  readonly tokenFile: string;
}

/** @throws CliError when no stack is up or its token can't be read. */
export function connectApi(options: ApiOptions): ConnectedApi {
  const { baseUrl, tokenFile } = locate(options);
  const token = readToken(tokenFile);
  const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` }, fetch: fetchOrExplain });
  return { api, baseUrl, token, tokenFile };
}

/** The answer's body. @throws CliError with the problem's own words. */
export async function answerOf<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok && data !== undefined) return data;
  throw problemError(error, response.status);
}

export function problemError(error: unknown, status: number): CliError {
  const problem = (error !== null && typeof error === "object" ? error : {}) as Readonly<Record<string, unknown>>;
  const detail = typeof problem.detail === "string" ? problem.detail : `The API answered ${status}`;
  return new CliError(detail, typeof problem.action === "string" ? problem.action : "", { problem });
}

/** Follows the pages of a list. */
export async function allPages<Item>(
  fetchPage: (cursor: string | undefined) => Promise<{ items: Item[]; next_cursor?: string }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return items;
}

/** Without a token: for signing in. */
export function publicApi(baseUrl: string): Api {
  return createClient<paths>({ baseUrl, fetch: fetchOrExplain });
}

export function apiUrlOf(options: ApiOptions): string {
  return place(options).baseUrl;
}

/** A token file that is named wins, then the session of `login`, then the instance's own token. */
function locate(options: ApiOptions): { baseUrl: string; tokenFile: string } {
  const { baseUrl, instanceToken } = place(options);
  const tokenFile = options.tokenFile ?? knownLogin(baseUrl) ?? instanceToken;
  if (tokenFile !== undefined) return { baseUrl, tokenFile };
  throw new CliError("Nobody is signed in at this API", "Run novacron login, or add --token-file FILE.", {
    exitCode: 2,
  });
}

function place(options: ApiOptions): { baseUrl: string; instanceToken?: string } {
  if (options.caFile !== undefined) trust(options.caFile);
  if (options.apiUrl) return { baseUrl: options.apiUrl.replace(/\/+$/, "") };
  const connection = readConnection(options.instance ? { instance: options.instance } : {});
  if (connection?.caFile !== undefined && options.caFile === undefined) trust(connection.caFile);
  if (connection) return { baseUrl: connection.apiUrl, instanceToken: connection.tokenFile };
  throw new CliError(
    options.instance ? `The instance ${options.instance} is not up` : "NovaCron is not up on this machine",
    "Start it with ./novacron up.",
  );
}

/** Node's words for a certificate that leads to nobody who is trusted, is for another name, or is over. */
const certificateCodes = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_)/;
const trusted = new Set<string>();

/** For all of this process's connections: it makes them to the API only. @throws CliError when it can't be read. */
function trust(caFile: string): void {
  if (trusted.has(caFile)) return;
  trusted.add(caFile);
  try {
    setDefaultCACertificates([...getCACertificates("default"), readFileSync(caFile, "utf8")]);
  } catch (cause) {
    throw new CliError(`The authority ${caFile} cannot be read`, "Check --ca-file or NOVACRON_CA_FILE.", { cause });
  }
}

function readToken(tokenFile: string): string {
  try {
    return readFileSync(tokenFile, "utf8").trim();
  } catch (cause) {
    throw new CliError(
      `The token file ${tokenFile} cannot be read`,
      "Run this as the account that started the stack.",
      {
        cause,
      },
    );
  }
}

/** @throws CliError when the API can't be reached. */
export async function fetchOrExplain(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    const { origin } = new URL(request.url);
    const reason = cause instanceof Error ? cause.cause : undefined;
    if (reason instanceof Error && "code" in reason && certificateCodes.test(String(reason.code))) {
      throw new CliError(
        `The certificate of the API at ${origin} is not trusted (${reason.message})`,
        "Add --ca-file FILE (NOVACRON_CA_FILE): of a self-made one, tls/ca.pem in the instance's folder.",
        { cause },
      );
    }
    throw new CliError(
      `The API at ${origin} cannot be reached`,
      "Run ./novacron status, and ./novacron up if it is down.",
      { cause },
    );
  }
}
