import { createHash, verify as verifySignature } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { OciCloud } from "./cloud.ts";
import { OciError } from "./errors.ts";

/** Requests that are older, or from the future, are refused. */
const skewMs = 5 * 60_000;
const withBody = new Set(["POST", "PUT", "PATCH"]);

/**
 * Holds a request to its signature: draft-cavage-http-signatures with an RSA key
 * (https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm).
 * @throws OciError NotAuthenticated.
 */
export function authenticate(
  { tenancy, tables }: Pick<OciCloud, "tenancy" | "tables">,
  request: { readonly method: string; readonly target: string; readonly headers: IncomingHttpHeaders },
  /** Undefined for uploads of objects and parts, whose bodies are not signed. */
  body: Buffer | undefined,
): void {
  const { method, target, headers } = request;
  const claim = parse(headers.authorization);
  const [tenancyId, userId, fingerprint = ""] = (claim.keyId ?? "").split("/");
  const key = tables.apiKeys.get(fingerprint);
  const isOurs = tenancyId === tenancy.tenancyId && userId === tenancy.userId && key?.userId === userId;
  if (!key || !isOurs || claim.algorithm !== "rsa-sha256") throw refused();
  const names = (claim.headers ?? "date").toLowerCase().split(" ");
  const demanded = ["(request-target)", "host", names.includes("x-date") ? "x-date" : "date"];
  if (body !== undefined && withBody.has(method)) demanded.push("content-length", "content-type", "x-content-sha256");
  if (demanded.some((name) => !names.includes(name))) throw refused();
  const lines = names.map((name) =>
    name === "(request-target)"
      ? `(request-target): ${method.toLowerCase()} ${target}`
      : `${name}: ${String(headers[name] ?? "")}`,
  );
  const signature = Buffer.from(claim.signature ?? "", "base64");
  if (!verifySignature("sha256", Buffer.from(lines.join("\n")), key.publicKey, signature)) throw refused();
  const date = Date.parse(String(headers[names.includes("x-date") ? "x-date" : "date"]));
  if (!(Math.abs(Date.now() - date) <= skewMs)) throw refused();
  if (body === undefined || !withBody.has(method)) return;
  const hash = createHash("sha256").update(body).digest("base64");
  if (headers["x-content-sha256"] !== hash) throw refused();
}

function parse(header: string | undefined): Readonly<Partial<Record<string, string>>> {
  if (!header?.startsWith("Signature ")) throw refused();
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

function refused(): OciError {
  return new OciError(
    401,
    "NotAuthenticated",
    "The required information to complete authentication was not provided or was incorrect.",
  );
}
