import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { blockBuffers, blockBytes } from "../cloud/disks/layer-reader.ts";
import { type Answer, BodyTooLarge, readBody } from "../cloud/http-front.ts";
import type { AwsCloud } from "./cloud.ts";
import { AwsError } from "./errors.ts";
import type { Caller, Credential } from "./identity.ts";
import type { Service } from "./service.ts";
import { type Claim, readClaim, type SignedRequest, verify } from "./sigv4.ts";

/** Bodies are held in memory up to this; what is larger belongs to services that stream. */
const bodyLimit = 16 * 2 ** 20;
const anonymous: Caller = {
  accessKeyId: "",
  arn: "anonymous",
  userId: "anonymous",
  principal: { kind: "user", name: "" },
};

/** Finds whom a request is for and whom it is from. */
export class Gateway {
  readonly #cloud: AwsCloud;
  readonly #services: ReadonlyMap<string, Service>;
  /** Answers what can't be told whom it is for. */
  readonly #fallback: Service;
  /** Takes requests without a signature, if they are for it. */
  readonly #unsigned: (request: IncomingMessage, path: string, body: Buffer) => Service | "imds" | undefined;
  readonly #imds: (request: IncomingMessage, path: string) => Answer;

  constructor(
    cloud: AwsCloud,
    services: readonly [Service, ...Service[]],
    unsigned: (request: IncomingMessage, path: string, body: Buffer) => Service | "imds" | undefined,
    imds: (request: IncomingMessage, path: string) => Answer,
  ) {
    this.#cloud = cloud;
    this.#services = new Map(services.map((service) => [service.name, service]));
    this.#fallback = services[0];
    this.#unsigned = unsigned;
    this.#imds = imds;
  }

  async handle(request: IncomingMessage): Promise<Answer> {
    const requestId = randomUUID();
    const url = request.url ?? "/";
    const queryAt = url.indexOf("?");
    const path = queryAt < 0 ? url : url.slice(0, queryAt);
    const query = new URLSearchParams(queryAt < 0 ? "" : url.slice(queryAt + 1));
    const method = request.method ?? "GET";
    const signed: SignedRequest = { method, path, query, headers: request.headers };
    let service: Service | undefined;
    try {
      const claim = readClaim(signed);
      if (!claim) return await this.#handleUnsigned(request, { method, path, query, requestId });
      service = this.#services.get(claim.service);
      if (!service)
        throw new AwsError(
          "UnrecognizedClientException",
          `The sandbox does not simulate the service ${claim.service}`,
          400,
        );
      const body = service.streams ? Buffer.alloc(0) : await readBody(request, bodyLimit, allocate);
      const bodySha256 = hashOf(body);
      const caller = this.#authenticate(signed, claim, bodySha256);
      const answer = await service.handle({
        request,
        method,
        path,
        query,
        region: claim.region,
        requestId,
        caller,
        body,
        bodySha256,
      });
      blockBuffers.give(body);
      return answer;
    } catch (error) {
      const refusal =
        error instanceof BodyTooLarge ? new AwsError("RequestEntityTooLarge", "The request is too large", 413) : error;
      if (!(refusal instanceof AwsError)) throw error;
      return (service ?? this.#fallback).refuse(refusal, requestId);
    }
  }

  async #handleUnsigned(
    request: IncomingMessage,
    { method, path, query, requestId }: { method: string; path: string; query: URLSearchParams; requestId: string },
  ): Promise<Answer> {
    const body = await readBody(request, bodyLimit);
    const service = this.#unsigned(request, path, body);
    if (service === "imds") return this.#imds(request, path);
    if (!service) throw new AwsError("AccessDenied", "Access Denied", 403);
    const bodySha256 = hashOf(body);
    return service.handle({
      request,
      method,
      path,
      query,
      region: "us-east-1",
      requestId,
      caller: anonymous,
      body,
      bodySha256,
    });
  }

  /** @throws AwsError in the service's words for keys it doesn't know, a false signature or an expired session. */
  #authenticate(signed: SignedRequest, claim: Claim, bodySha256: () => Buffer): Caller {
    const { identity } = this.#cloud;
    const credential = identity.credentials.get(claim.accessKeyId);
    const caller = credential && identity.caller(credential);
    if (!credential || !caller) throw unknownKey(claim.service);
    const announced = signed.headers["x-amz-content-sha256"];
    const presigned = claim.expiresSeconds !== undefined;
    const hash = presigned
      ? "UNSIGNED-PAYLOAD"
      : typeof announced === "string"
        ? announced
        : bodySha256().toString("hex");
    verify(signed, claim, credential.secret, hash, Date.now());
    checkSession(credential, claim);
    if (/^[0-9a-f]{64}$/.test(hash) && claim.service !== "s3" && hash !== bodySha256().toString("hex")) {
      throw new AwsError("SignatureDoesNotMatch", "The body does not match its signed hash", 403);
    }
    return caller;
  }
}

function checkSession(credential: Credential, { service, sessionToken }: Claim): void {
  if (credential.sessionToken !== undefined && credential.sessionToken !== sessionToken) throw unknownKey(service);
  if ((credential.expiresAt ?? Infinity) > Date.now()) return;
  const message = "The security token included in the request is expired";
  if (service === "ec2") throw new AwsError("RequestExpired", "Request has expired.", 400);
  const json = ["ebs", "kms", "ssm", "servicequotas", "monitoring"].includes(service);
  throw new AwsError(
    json ? "ExpiredTokenException" : "ExpiredToken",
    message,
    service === "sts" || service === "iam" ? 403 : 400,
  );
}

function unknownKey(service: string): AwsError {
  switch (service) {
    case "ec2":
      return new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
    case "s3":
      return new AwsError(
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        403,
      );
    case "sts":
    case "iam":
    case "route53":
      return new AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
    default:
      return new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403);
  }
}

function hashOf(body: Buffer): () => Buffer {
  let known: Buffer | undefined;
  return () => {
    known ??= createHash("sha256").update(body).digest();
    return known;
  };
}

function allocate(size: number): Buffer {
  return size === blockBytes ? blockBuffers.take() : Buffer.allocUnsafeSlow(size);
}
