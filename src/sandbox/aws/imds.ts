import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Answer } from "../cloud/http-front.ts";
import { accountId, type Identity, instanceRole } from "./identity.ts";
import { keysOf } from "./sts/operations.ts";

const ttlAtMostSeconds = 21_600;
const sessionSeconds = 6 * 3600;
/** AWS hands out new keys at least this long before the old ones end. */
const renewBeforeMs = 5 * 60_000;

/**
 * The metadata service of an instance with a role, version 2 only
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html): what SDKs read
 * instance-role credentials from. There is one for this machine; guests are not served.
 */
export class InstanceMetadata {
  readonly #identity: Identity;
  readonly #tokens = new Map<string, number>();
  #session: { readonly keys: ReturnType<typeof keysOf>; readonly since: Date } | undefined;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  answer(request: IncomingMessage, path: string): Answer {
    if (path === "/latest/api/token") return request.method === "PUT" ? this.#token(request) : text(405, "");
    const expires = this.#tokens.get(request.headers["x-aws-ec2-metadata-token"]?.toString() ?? "");
    if (expires === undefined || expires < Date.now()) return text(401, "Unauthorized");
    const base = "/latest/meta-data/iam/security-credentials";
    switch (path) {
      case base:
      case `${base}/`:
        return text(200, instanceRole);
      case `${base}/${instanceRole}`:
        return this.#credentials();
      case "/latest/meta-data/placement/region":
        return text(200, "us-east-1");
      case "/latest/meta-data/placement/availability-zone":
        return text(200, "us-east-1a");
      case "/latest/dynamic/instance-identity/document":
        return json({ accountId, region: "us-east-1", availabilityZone: "us-east-1a", simulated: true });
      default:
        return text(404, "Not Found");
    }
  }

  #token(request: IncomingMessage): Answer {
    const seconds = Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > ttlAtMostSeconds) return text(400, "Bad Request");
    for (const [token, expires] of this.#tokens) if (expires < Date.now()) this.#tokens.delete(token);
    const token = randomBytes(42).toString("base64");
    this.#tokens.set(token, Date.now() + seconds * 1000);
    return {
      ...text(200, token),
      headers: { "content-type": "text/plain", "x-aws-ec2-metadata-token-ttl-seconds": seconds },
    };
  }

  #credentials(): Answer {
    const role = this.#identity.roles.get(instanceRole);
    if (!role) return text(404, "Not Found");
    if (!this.#session || this.#session.keys.Expiration.getTime() - Date.now() < renewBeforeMs) {
      const session = this.#identity.createSession(role, "i-00000000000000000", sessionSeconds);
      this.#session = { keys: keysOf(session), since: new Date() };
    }
    const { keys, since } = this.#session;
    return json({
      Code: "Success",
      LastUpdated: since.toISOString(),
      Type: "AWS-HMAC",
      AccessKeyId: keys.AccessKeyId,
      SecretAccessKey: keys.SecretAccessKey,
      Token: keys.SessionToken,
      Expiration: keys.Expiration.toISOString(),
    });
  }
}

function text(status: number, body: string): Answer {
  return { status, headers: { "content-type": "text/plain" }, body };
}

function json(value: object): Answer {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
