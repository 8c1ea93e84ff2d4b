import type { Request, Response } from "express";
import type * as z from "zod";
import {
  authorise,
  type Grants,
  type Permission,
  type Scope,
  type ScopedResource,
  touchesSite,
} from "../domain/access.ts";
import { ProblemError } from "./problem.ts";

/** Who is asking. Only routes whose actor is `anyone` are answered without one. */
export interface Actor {
  readonly kind: "token" | "user" | "break-glass";
  /** As the audit trail names it: `token/<id>`, `user/<id>`. */
  readonly id: string;
  readonly name: string;
  /** Who answers for it: the person behind a token or a session, else the token itself. Two requests with the same one
   *  come from the same hands. */
  readonly responsible: string;
  readonly grants: Grants;
  /** A token of a person's, not of a program's. */
  readonly personal?: boolean;
  /** When a second factor was last confirmed; absent when none was, and for tokens. */
  readonly mfaAt?: string | undefined;
  /** When the session ends at the latest. */
  readonly endsAt?: string | undefined;
}

/** What the caller may do by the route's own permission. Handlers ask it before they read, show or start anything. */
export interface Access {
  /** For lists: the store leaves out what none of them reaches. */
  readonly scopes: readonly Scope[];
  /** Whether it reaches all of the resources; what it doesn't reach is answered as if it weren't there. */
  covers(resource: ScopedResource | readonly ScopedResource[]): boolean;
  /** Whether it may reach something at the site, if only what carries certain tags. */
  touches(site: string): boolean;
}

export interface Answer {
  readonly status: number;
  /** A value of ours in camelCase; converted at the edge. */
  readonly body?: unknown;
  /** Instead of `body`: JSON text in snake_case, sent as it is. */
  readonly json?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the audit trail: the run that carries it out, and what changed. Never with a secret. */
  readonly workflowId?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Who asks, where the rest of what was asked is no matter. */
export type Caller = Pick<Asked<unknown, unknown, unknown>, "access" | "actor">;

/** What a handler gets: validated input and who asks. */
export interface Asked<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly actor: Actor | undefined;
  readonly access: Access;
  readonly requestId: string;
  /** An id for what is started: the same for every repeat with the same Idempotency-Key. */
  stableId(what: string): string;
  /** Aborts when the caller went away. */
  readonly signal: AbortSignal;
  readonly request: Request;
  readonly response: Response;
}

export interface ResponseSpec {
  readonly description: string;
  /** A JSON body; none when absent. */
  readonly schema?: z.ZodType;
  /** For what is not JSON. */
  readonly mediaType?: string;
  /** Other media types that a request may ask for. */
  readonly alsoAs?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

interface RouteFacts {
  readonly method: "get" | "post" | "delete";
  /** As in OpenAPI: `/v1/migrations/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** `self`: every caller, about nobody but itself. */
  readonly permission: Permission | "public" | "self";
  readonly actor: "anyone" | "signed-in";
  /** Name of the event in the audit trail; `undefined` where nothing is changed or started. */
  readonly audit: string | undefined;
  /** Destroys something for good, approves, or hands out access: a person must have confirmed a second factor lately. */
  readonly stepUp?: boolean;
  /** Accepted while all changes are frozen: it changes nothing at a site, or only stops something. */
  readonly duringFreeze?: boolean;
  /** Takes an `Idempotency-Key`: on everything that starts something. */
  readonly idempotent?: boolean;
  /** Temporal's UI calls it from its own origin, and can't send our X-CSRF-Token: the browser keeps the answer from any other. */
  readonly temporalUi?: boolean;
  /** The answer holds a secret: it is shown once and not kept for repeats. */
  readonly confidential?: boolean;
  /** The body is bytes of this media type, which the handler reads from the request itself. */
  readonly rawBody?: string;
  /** The body holds a secret, or is nothing but figures: it does not enter the audit trail. */
  readonly secretBody?: boolean;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
}

interface RouteSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> extends RouteFacts {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** `undefined`: the handler has answered, or goes on answering, itself. */
  handle(asked: Asked<z.output<P>, z.output<Q>, z.output<B>>): Promise<Answer | undefined>;
}

/** A row of the route table. */
export interface Route extends RouteFacts {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  run(asked: Omit<Asked<unknown, unknown, unknown>, "access">): Promise<Answer | undefined>;
}

/** Ties a handler's input to the schemas that validate and document it. */
export function route<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<P, Q, B>): Route {
  return {
    ...spec,
    run: (asked) => {
      const { actor, requestId, stableId, request, response } = asked;
      return spec.handle({
        actor,
        access: accessOf(actor, spec.permission),
        requestId,
        stableId,
        request,
        response,
        get signal() {
          return asked.signal;
        },
        params: validate(spec.params, asked.params, "path"),
        query: validate(spec.query, asked.query, "query"),
        body: validate(spec.body, asked.body, "body"),
      });
    },
  };
}

function accessOf(actor: Actor | undefined, permission: RouteFacts["permission"]): Access {
  const grants = actor?.grants;
  const scopes = permission === "public" || permission === "self" ? [] : (grants?.get(permission) ?? []);
  return {
    scopes,
    covers: (resource) =>
      grants !== undefined &&
      permission !== "public" &&
      permission !== "self" &&
      authorise(grants, permission, resource),
    touches: (site) => touchesSite(scopes, site),
  };
}

function validate<S extends z.ZodType>(schema: S | undefined, value: unknown, place: string): z.output<S> {
  if (!schema) {
    const keys = value !== null && typeof value === "object" ? Object.keys(value) : [];
    if (keys.length > 0) throw invalid(place, [`${keys.join(", ")}: not known here`], undefined);
    return undefined as z.output<S>;
  }
  const result = schema.safeParse(value ?? (place === "body" ? undefined : {}));
  if (result.success) return result.data;
  throw invalid(place, describeIssues(result.error), result.error);
}

function invalid(place: string, issues: readonly string[], cause: unknown): ProblemError {
  return new ProblemError("InvalidInput", {
    detail: `The ${place} is not valid: ${issues.join("; ")}`,
    action: "Correct the named members; GET /v1/openapi.json has the schema.",
    facts: { place, issues },
    cause,
  });
}

/** One line an issue, the most telling branch of a union. */
export function describeIssues(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => describeIssue(issue, []));
}

function describeIssue(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[]): string[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const [closest] = [...issue.errors].sort((a, b) => a.length - b.length);
    return (closest ?? []).flatMap((inner) => describeIssue(inner, path));
  }
  const where = path.length > 0 ? path.map(String).join(".") : "it";
  return [`${where}: ${issue.message}`];
}
