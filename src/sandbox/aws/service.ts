import type { IncomingMessage } from "node:http";
import { TornConnection } from "../cloud/faults.ts";
import type { Answer } from "../cloud/http-front.ts";
import type { AwsCloud, Call } from "./cloud.ts";
import { AwsError } from "./errors.ts";
import type { Caller } from "./identity.ts";
import { actionName, internal, refusalFor, throttled, unauthorised } from "./refusals.ts";
import { isThrottled } from "./throttling.ts";

/** A request whose signature was found good (or that needs none). */
export interface SignedIn {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly region: string;
  readonly requestId: string;
  readonly caller: Caller;
  /** The body, checked against its signed hash. Empty where the service reads the stream itself. */
  readonly body: Buffer;
  /** Of the body; computed when first asked for. */
  readonly bodySha256: () => Buffer;
}

/** One AWS service on the wire. */
export interface Service {
  /** As in the signature's scope. */
  readonly name: string;
  /** True: the service reads the request's body itself, as a stream. */
  readonly streams?: boolean;
  /** Never throws but TornConnection. */
  handle(request: SignedIn): Promise<Answer>;
  /** A refusal in the service's own format. */
  refuse(error: AwsError, requestId: string): Answer;
}

/** Allowed to everybody. */
const openToAll: ReadonlySet<string> = new Set(["sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"]);

/** What lies before every operation: rates, permissions, dry runs, faults; and what lies behind: unknown failures. */
export async function perform<T>(
  cloud: AwsCloud,
  call: Call,
  act: () => T | Promise<T>,
  options: { dryRun?: boolean; resource?: string } = {},
): Promise<T> {
  try {
    return await cloud.faults.around(
      call,
      () => {
        if (isThrottled(cloud, call)) throw throttled(call.service);
        const action = actionName(call.service, call.operation);
        const context = { "aws:RequestedRegion": call.region };
        const decision =
          openToAll.has(action) || cloud.identity.may(call.caller, action, options.resource ?? "*", context);
        if (decision !== true && decision !== "allowed") {
          throw unauthorised(call.service, call.operation, call.caller.arn);
        }
        if (options.dryRun) {
          throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
        }
        return act();
      },
      (kind) => refusalFor(kind, call, call.caller.arn),
    );
  } catch (error) {
    if (error instanceof AwsError || error instanceof TornConnection) throw error;
    cloud.parts.log("An operation failed unexpectedly", { operation: `${call.service}:${call.operation}`, error });
    throw internal(call.service);
  }
}
