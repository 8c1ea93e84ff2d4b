import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import pg from "pg";
import { pino } from "pino";
import { createApi } from "../../../src/api/app.ts";
import type { AuthSettings } from "../../../src/api/auth/index.ts";
import { believedMs } from "../../../src/api/authenticate.ts";
import type { ApiDeps, ApiLimits, SiteSummary } from "../../../src/api/deps.ts";
import { Runs } from "../../../src/api/runs.ts";
import { ensureBootstrapToken, hashToken } from "../../../src/api/tokens.ts";
import { cacheDir } from "../../../src/host/paths.ts";
import { freePorts } from "../../../src/host/ports.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import { connectClient, taskQueue } from "../../../src/temporal/connection.ts";
import { workflowBundle } from "../../../src/worker/bundle.ts";
import { type Cleaner, withPostgres, withTemporal } from "../../support/servers.ts";
import { recordActivities } from "./activities.ts";
import { assertDocumented } from "./conformance.ts";

export const sites: readonly SiteSummary[] = [
  { site: "onprem-a", kind: "libvirt", enabled: true, simulated: true },
  { site: "onprem-b", kind: "libvirt", enabled: true, simulated: true },
];

/** The members of the bodies that tests look at; each answer has its own few of them. */
export interface Body {
  readonly migration_id: string;
  readonly plan_id: string;
  readonly hash: string;
  readonly state: string;
  readonly code: string;
  readonly action: string;
  readonly detail: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly vm: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly items: readonly (Readonly<Record<string, unknown>> & { migration_id: string; name: string; site: string })[];
  readonly sites: readonly { site: string; observed_at?: string; error?: string; vm_count: number }[];
  readonly freshness: { readonly site: string };
  readonly next_cursor?: string;
  readonly ok: boolean;
  readonly identical: boolean;
  readonly disks: readonly { identical: boolean; differing: readonly { offset: number; length: number }[] }[];
  readonly checks: readonly { check: string; remedy?: string }[];
  readonly status: string | number;
}

export interface Answered {
  readonly response: Response;
  readonly status: number;
  readonly body: Body;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is instead of `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
}

export interface TestApi {
  readonly url: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly readerToken: string;
  readonly store: Store;
  readonly runs: Runs;
  readonly temporalAddress: string;
  readonly databaseUrl: string;
  /** Waits as long as a process may go on believing a token that was found valid. */
  untilForgotten(): Promise<void>;
  /** Straight at the database, past everything of ours. */
  sql<Row extends object>(text: string, ...values: unknown[]): Promise<Row[]>;
  stopTemporal(): Promise<void>;
  stopPostgres(): Promise<void>;
  /** Calls, and holds every answer to the OpenAPI document. */
  call(method: string, path: string, options?: CallOptions): Promise<Answered>;
}

/** The real API on a real PostgreSQL and a real Temporal server, with a worker whose workflows give known answers. */
export async function startTestApi(
  cleaner: Cleaner,
  options: {
    limits?: Partial<ApiLimits>;
    worker?: boolean;
    auth?: (url: string) => AuthSettings;
    deps?: Partial<
      Pick<ApiDeps, "approvalRules" | "notifyTargets" | "alarmWebhook" | "codec" | "temporalUiUrl" | "sites" | "hsts">
    >;
  } = {},
): Promise<TestApi> {
  // The API and its worker must be gone before what they lean on.
  const stops: (() => Promise<void>)[] = [];
  cleaner.after(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  const own: Cleaner = { after: (stop) => stops.push(stop) };
  const [postgres, temporal] = await Promise.all([withPostgres(own), withTemporal(own)]);
  const store = await openStore({ databaseUrl: postgres.databaseUrl, pollMs: 200 });
  await store.migrate();
  const client = await connectClient({ address: temporal.address, namespace: "default" });
  const dir = await mkdtemp(join(tmpdir(), "nvc-api-"));
  const tokenFile = join(dir, "token");
  await ensureBootstrapToken(store, tokenFile);
  const token = (await readFile(tokenFile, "utf8")).trim();
  const readerToken = "reader-token-of-the-tests-0123456789";
  await store.tokens.create({
    tokenId: "reader",
    name: "reader",
    hash: hashToken(readerToken),
    bindings: [{ role: "viewer", scope: {} }],
    permissions: ["inventory:read"],
    createdBy: "token/bootstrap",
  });
  const limits = { askMs: 10_000, longAskMs: 10_000, heartbeatMs: 100, ...options.limits };
  const log = pino({ level: "silent" });
  const [port = 0] = await freePorts(1);
  const auth = options.auth?.(`http://127.0.0.1:${port}`);
  const app = createApi({
    store,
    temporal: client,
    sites,
    log,
    temporalUiUrl: undefined,
    limits,
    ...options.deps,
    ...(auth && { auth }),
  });
  const server = app.listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${port}`;
  const stopWorker = options.worker === false ? undefined : await startWorker(temporal.address, store);

  let temporalIsUp = true;
  own.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await stopWorker?.();
    // A call that is retried in the background would fail on a closed connection, with nobody there to catch it.
    if (temporalIsUp) await client.connection.close();
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });

  return {
    url,
    token,
    tokenFile,
    readerToken,
    store,
    runs: new Runs(client, { askMs: 10_000, longAskMs: 10_000 }),
    temporalAddress: temporal.address,
    databaseUrl: postgres.databaseUrl,
    untilForgotten: () => sleep(believedMs + 50),
    async sql<Row extends object>(text: string, ...values: unknown[]): Promise<Row[]> {
      const direct = new pg.Client({ connectionString: postgres.databaseUrl });
      await direct.connect();
      try {
        return (await direct.query<Row>(text, values)).rows;
      } finally {
        await direct.end();
      }
    },
    stopTemporal() {
      temporalIsUp = false;
      return temporal.stop();
    },
    stopPostgres: () => postgres.stop(),
    async call(method, path, { body, text, headers, ...more } = {}) {
      const bearer = "token" in more ? more.token : token;
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: "manual",
        headers: {
          ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: text ?? (body === undefined ? undefined : JSON.stringify(body)),
      });
      const raw = await response.text();
      const json = /[/+]json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(raw) : undefined;
      assertDocumented(method, path.split("?")[0] ?? path, response, json);
      return { response, status: response.status, body: json };
    },
  };
}

/** The workflows that give known answers. */
const standInWorkflows = fileURLToPath(new URL("./workflows.ts", import.meta.url));

async function startWorker(address: string, store: Store): Promise<() => Promise<void>> {
  // The stand-ins fail on purpose.
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: await workflowBundle(cacheDir(), { workflowsPath: standInWorkflows }),
    activities: recordActivities(store),
    shutdownGraceTime: "1 second",
  });
  const ran = worker.run();
  return async () => {
    worker.shutdown();
    await ran;
    await connection.close();
  };
}
