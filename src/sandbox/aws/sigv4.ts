import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { AwsError } from "./errors.ts";

/**
 * Signature version 4, from the server's side:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

/** Requests whose time is further away are refused: AWS allows five minutes, S3 fifteen. */
const skewMs = 5 * 60_000;
const s3SkewMs = 15 * 60_000;
const algorithm = "AWS4-HMAC-SHA256";

export interface SignedRequest {
  readonly method: string;
  /** As it was sent, still encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What a request claims about itself, before anything is checked. */
export interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly time: string;
  readonly sessionToken?: string;
  /** A presigned URL, valid for so many seconds. */
  readonly expiresSeconds?: number;
}

/** Reads the Authorization header or the presigned query; undefined for an unsigned request. */
export function readClaim({ headers, query }: SignedRequest): Claim | undefined {
  const header = headers.authorization;
  if (typeof header === "string" && header.startsWith(algorithm)) {
    const fields = Object.fromEntries(
      header
        .slice(algorithm.length)
        .split(",")
        .map((field) => field.trim().split(/=(.*)/s) as [string, string]),
    );
    const time = String(headers["x-amz-date"] ?? "");
    const token = headers["x-amz-security-token"];
    return claim(fields.Credential, fields.SignedHeaders, fields.Signature, time, token?.toString());
  }
  if (query.get("X-Amz-Algorithm") !== algorithm) return undefined;
  const text = (name: string) => query.get(name) ?? undefined;
  const [credential, signed, signature] = [
    text("X-Amz-Credential"),
    text("X-Amz-SignedHeaders"),
    text("X-Amz-Signature"),
  ];
  const expiresSeconds = Number(text("X-Amz-Expires") ?? 0);
  return {
    ...claim(credential, signed, signature, text("X-Amz-Date") ?? "", text("X-Amz-Security-Token")),
    expiresSeconds,
  };
}

function claim(credential = "", signedHeaders = "", signature = "", time = "", sessionToken?: string): Claim {
  const [accessKeyId = "", date = "", region = "", service = "", end] = credential.split("/");
  if (end !== "aws4_request" || signature === "" || !/^\d{8}T\d{6}Z$/.test(time)) {
    throw new AwsError("IncompleteSignature", "The request signature does not conform to AWS standards", 400);
  }
  const signed = signedHeaders.split(";");
  return {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders: signed,
    signature,
    time,
    ...(sessionToken ? { sessionToken } : {}),
  };
}

const keys = new Map<string, Buffer>();

/**
 * Checks time and signature.
 * @param payloadHash hex SHA-256 of the body, or what `x-amz-content-sha256` says instead.
 * @throws AwsError RequestExpired, RequestTimeTooSkewed, SignatureDoesNotMatch.
 */
export function verify(request: SignedRequest, made: Claim, secret: string, payloadHash: string, now: number): void {
  const at = Date.parse(made.time.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (made.expiresSeconds === undefined) {
    const allowed = made.service === "s3" ? s3SkewMs : skewMs;
    if (Math.abs(now - at) > allowed) {
      const message = "The difference between the request time and the server's time is too large";
      throw made.service === "s3"
        ? new AwsError("RequestTimeTooSkewed", message, 403)
        : new AwsError(
            made.service === "ec2" ? "RequestExpired" : "SignatureDoesNotMatch",
            `Signature expired: ${message}`,
            403,
          );
    }
  } else if (now > at + made.expiresSeconds * 1000) {
    throw new AwsError("AccessDenied", "Request has expired", 403);
  }
  const canonical = canonicalRequest(request, made, payloadHash);
  const scope = `${made.date}/${made.region}/${made.service}/aws4_request`;
  const text = `${algorithm}\n${made.time}\n${scope}\n${createHash("sha256").update(canonical).digest("hex")}`;
  const expected = createHmac("sha256", signingKey(secret, made)).update(text).digest();
  const given = Buffer.from(made.signature, "hex");
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new AwsError(
    made.service === "ec2" ? "AuthFailure" : "SignatureDoesNotMatch",
    made.service === "ec2"
      ? "AWS was not able to validate the provided access credentials"
      : "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    made.service === "ec2" ? 401 : 403,
  );
}

function signingKey(secret: string, { date, region, service }: Claim): Buffer {
  const name = `${secret}/${date}/${region}/${service}`;
  const known = keys.get(name);
  if (known) return known;
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of [date, region, service, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  if (keys.size > 1_000) keys.clear();
  keys.set(name, key);
  return key;
}

function canonicalRequest(request: SignedRequest, made: Claim, payloadHash: string): string {
  // S3 signs the path as it was sent; the other services encode it once more.
  const path = made.service === "s3" ? request.path : request.path.split("/").map(encodeStrictly).join("/");
  const query = [...request.query]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const headers = made.signedHeaders.map((name) => {
    const value = request.headers[name];
    return `${name}:${(Array.isArray(value) ? value.join(",") : (value ?? "")).trim().replace(/ +/g, " ")}\n`;
  });
  return [request.method, path || "/", query, headers.join(""), made.signedHeaders.join(";"), payloadHash].join("\n");
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
