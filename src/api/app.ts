import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import helmet from "helmet";
import { CostBook } from "../costs/index.ts";
import { toWire } from "../domain/wire.ts";
import { alarms } from "../telemetry/alarm.ts";
import { audited, noteFailure, refusals } from "./audit.ts";
import { createAuth } from "./auth/index.ts";
import { Authenticator, ForbiddenError } from "./authenticate.ts";
import { consolePages } from "./console.ts";
import { type ApiDeps, defaultHistoryMs, defaultLimits } from "./deps.ts";
import { problems, sendProblem } from "./error-middleware.ts";
import { once, readIdempotencyKey, stableId } from "./idempotency.ts";
import { ApiMetrics } from "./metrics.ts";
import { ProblemError } from "./problem.ts";
import { noteRoute, tellEnds } from "./request-end.ts";
import { requestIdOf, requestIds } from "./request-id.ts";
import type { Answer, Route } from "./route.ts";
import { apiRoutes } from "./routes.ts";
import { Runs } from "./runs.ts";
import { findTokenActor } from "./tokens.ts";

/** Where writing the trail took longer, what was seen of a freeze before it is looked up again. */
const freezeSeenMs = 100;

/** The whole interface under /v1, from the one route table. */
export function createApi(deps: ApiDeps): Express {
  const limits = { ...defaultLimits, ...deps.limits };
  const auth = createAuth(deps.store, deps.auth);
  const temporalUiOrigin = deps.temporalUiUrl === undefined ? undefined : new URL(deps.temporalUiUrl).origin;
  const alarm = alarms((level, text, facts) => deps.log[level](facts ?? {}, text), deps.alarmWebhook);
  const authenticator = new Authenticator({
    find: (hash, kind) => (kind === "token" ? findTokenActor(deps.store, hash) : auth.sessions.findActor(hash)),
    onRefused: refusals(deps, alarm),
    limits,
    mfaMaxAgeMs: auth.mfaMaxAgeMs,
    temporalUiOrigin,
  });
  const metrics = new ApiMetrics(deps.store, deps.sites, {
    onEnd: tellEnds(deps.log, deps.spans),
    flows: deps.flows,
  });
  deps.readMetrics?.(() => metrics.text());
  const routes = apiRoutes({
    ...deps,
    alarm,
    auth: { ...auth, forget: (hash) => authenticator.forget(hash) },
    limits,
    historyMs: deps.historyMs ?? defaultHistoryMs,
    costs: deps.costs ?? new CostBook({ costs: deps.store.costs }),
    runs: new Runs(deps.temporal, limits),
    metrics,
  });
  const readJson = express.json({ limit: limits.bodyBytes, strict: false, type: isJson });

  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(metrics.observe);
  app.use(requestIds);
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { "default-src": ["'none'"], "frame-ancestors": ["'none'"] },
      },
      // In plain HTTP browsers ignore it; a proxy that adds TLS adds this too.
      strictTransportSecurity: deps.hsts ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    }),
  );

  const serve = (route: Route) => async (request: Request, response: Response, next: NextFunction) => {
    noteRoute(response, route);
    let admitted = false;
    const { ip: address, path: resource } = request;
    const requestId = requestIdOf(response);
    const record = { event: route.audit ?? route.operationId, actor: undefined, resource, requestId, address };
    try {
      const actor = await authenticator.admit(request, route);
      admitted = true;
      response.setHeader("Cache-Control", "no-store");
      if (route.rawBody === undefined) {
        await new Promise<void>((resolve, reject) => {
          readJson(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
        });
      }
      refuseOtherBodies(request, route.rawBody);
      let gone: AbortController | undefined;
      const key = route.idempotent ? readIdempotencyKey(request.get("idempotency-key")) : undefined;
      const body: unknown = request.body;
      const repeatable = { key, actor, path: request.path, body, confidential: route.confidential };
      const run = () =>
        route.run({
          params: request.params,
          query: request.query,
          body,
          actor,
          requestId,
          stableId: (what) => stableId(repeatable, what),
          // Few handlers ask for it, and each one made costs an exception when the answer ends.
          get signal() {
            gone ??= abortedOnClose(response);
            return gone.signal;
          },
          request,
          response,
        });
      // Looked up while the trail is written.
      const freeze = route.audit && !route.duringFreeze ? deps.store.guard.frozen() : undefined;
      freeze?.catch(() => undefined);
      const lookedAt = performance.now();
      const work = async () => {
        refuseFrozen(await freeze);
        if (freeze && performance.now() - lookedAt > freezeSeenMs) refuseFrozen(await deps.store.guard.frozen());
        return once(deps.store, repeatable, run);
      };
      const answer = route.audit
        ? await audited(deps, { ...record, actor, body: route.secretBody ? undefined : body }, work)
        : await work();
      if (answer) send(response, answer);
    } catch (error) {
      if (!admitted && error instanceof ForbiddenError) {
        await noteFailure(deps, { ...record, actor: error.actor, body: undefined }, error);
      }
      next(error);
    }
  };

  const paths = Map.groupBy(routes, (route) => route.path);
  for (const [path, sharing] of paths) {
    const expressPath = path.replace(/\{(\w+)\}/g, ":$1");
    if (sharing.some((route) => route.temporalUi)) app.use(expressPath, sharedWith(temporalUiOrigin));
    for (const route of sharing) app[route.method](expressPath, serve(route));
    const allow = sharing.flatMap(({ method }) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]));
    app.all(expressPath, (request, response) => {
      sendProblem(request, response, methodNotAllowed(request, allow));
    });
  }
  if (deps.console) app.use(consolePages(deps.console));
  app.use((request, response) => {
    const detail = `There is nothing at ${request.path}`;
    sendProblem(
      request,
      response,
      new ProblemError("NotFound", { detail, action: "GET /v1/openapi.json lists the paths." }),
    );
  });
  app.use(problems(deps.log));
  return app;
}

/** Lets pages of one other origin read the answer, with the session of whoever sits there. */
function sharedWith(origin: string | undefined): RequestHandler {
  return (request, response, next) => {
    response.vary("Origin");
    if (origin === undefined || request.get("origin") !== origin) {
      next();
      return;
    }
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Allow-Credentials", "true");
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    if (request.method !== "OPTIONS") {
      next();
      return;
    }
    response.setHeader("Access-Control-Allow-Methods", "POST");
    response.setHeader("Access-Control-Allow-Headers", "content-type, authorization, x-namespace");
    response.setHeader("Access-Control-Max-Age", "600");
    response.status(204).end();
  };
}

/** @throws ProblemError PolicyBlocked while all changes are frozen. */
function refuseFrozen(freeze: Awaited<ReturnType<ApiDeps["store"]["guard"]["frozen"]>>): void {
  if (!freeze) return;
  throw new ProblemError("PolicyBlocked", {
    detail: `All changes are frozen since ${freeze.since} by ${freeze.by}: ${freeze.reason}`,
    action: "Wait until an admin allows changes again (novacron unfreeze).",
    facts: { ...freeze },
  });
}

function abortedOnClose(response: Response): AbortController {
  const gone = new AbortController();
  if (response.closed) gone.abort();
  else response.once("close", () => gone.abort());
  return gone;
}

function send(response: Response, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.status(answer.status);
  const json = answer.json ?? (answer.body === undefined ? undefined : JSON.stringify(toWire(answer.body)));
  if (json === undefined) {
    response.end();
    return;
  }
  // Not `send`: given a text at once, Node writes head and body together, which halves the system calls of an answer.
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(json);
}

function isJson(request: { headers: { "content-type"?: string } }): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(request.headers["content-type"] ?? "");
}

function refuseOtherBodies(request: Request, rawBody: string | undefined): void {
  const sent = request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
  if (!sent || (rawBody === undefined ? isJson(request) : request.headers["content-type"] === rawBody)) return;
  throw new ProblemError("UnsupportedMediaType", {
    detail: `The body is ${request.headers["content-type"] ?? "of no declared type"}`,
    action: `Send it as ${rawBody ?? "application/json"}.`,
  });
}

function methodNotAllowed(request: Request, allow: readonly string[]): ProblemError {
  return new ProblemError("MethodNotAllowed", {
    detail: `${request.path} does not support ${request.method}`,
    action: `Use ${allow.join(" or ")}.`,
    headers: { Allow: allow.join(", ") },
  });
}
