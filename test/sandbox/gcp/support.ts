import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { GlobalOperationsClient, RegionOperationsClient, ZoneOperationsClient } from "@google-cloud/compute";
import { Storage } from "@google-cloud/storage";
import { GoogleAuth, JWT } from "google-auth-library";
import { loadHostTools } from "../../../src/host/host-tools.ts";
import { makeSocketDir, socketDirPath, toolsManifestPath } from "../../../src/host/paths.ts";
import { readToolsManifest } from "../../../src/host/tools-manifest.ts";
import { type RunningGcp, startGcp } from "../../../src/sandbox/gcp/index.ts";
import { guestImage } from "../../../src/sandbox/guest/image.ts";

/** What every client of Compute Engine takes here. */
export type ComputeOptions = {
  readonly apiEndpoint: string;
  readonly port: number;
  readonly protocol: "http";
  readonly fallback: true;
  readonly auth: GoogleAuth;
};

export interface RawRequest {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GcpLab {
  readonly gcp: RunningGcp;
  /** What went wrong in the background, or did not fit its schema. */
  readonly complaints: string[];
  /** `new DisksClient(lab.compute())`. */
  compute(): ComputeOptions;
  storage(): Storage;
  /** Waits for an operation that a call began, by the API's own `wait`. @throws Error with the operation's errors. */
  done(started: unknown): Promise<Finished>;
  /** One request with a good token, by hand. */
  raw(path: string, init?: RawRequest): Promise<Response>;
  /** Ends the server without ceremony (its guests run on) and starts another on the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** What the client makes of HTTP statuses: gRPC's codes. */
export const Status = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
} as const;

/** An operation that has ended well. */
export interface Finished {
  readonly name: string;
  readonly targetLink: string;
  readonly targetId: string;
}

export class FailedOperation extends Error {
  readonly codes: readonly string[];
  constructor(codes: readonly string[], messages: readonly string[]) {
    super(`${codes.join(", ")}: ${messages.join("; ")}`);
    this.codes = codes;
  }
}

/** A simulated Google Cloud of the test's own. It is quick: what is new is seen at once, and nothing is throttled. */
export async function startGcpLab(settings: object = {}): Promise<GcpLab> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-gcp-"));
  chmodSync(dir, 0o711);
  const manifest = toolsManifestPath();
  const tools = loadHostTools(manifest);
  const complaints: string[] = [];
  const parts = {
    tools,
    dir: join(dir, "gcp"),
    socketDir: makeSocketDir(dir),
    guestImage: () => guestImage(tools, join(dirname(manifest), "guests")),
    log: (message: string, facts?: object) => {
      complaints.push(
        `${message} ${JSON.stringify(facts, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
      );
    },
  };
  const quick = { consistencyMs: 0, throttling: false, operationMs: 0, snapshotMs: 0, imageMs: 0, newKeyMs: 0 };
  let running = await startGcp(parts, 0);
  running.cloud.changeSettings({ ...quick, ...settings });
  const compute = (): ComputeOptions => {
    const { client_email, private_key } = running.serviceAccountKey;
    const authClient = new JWT({ email: client_email, key: private_key });
    const auth = new GoogleAuth({ authClient, projectId: running.project });
    return { apiEndpoint: "127.0.0.1", port: running.port, protocol: "http", fallback: true, auth };
  };
  return {
    get gcp() {
      return running;
    },
    complaints,
    compute,
    storage: () => {
      const { endpoint: apiEndpoint, project: projectId, serviceAccountKey } = running;
      const authClient = keyClient(serviceAccountKey);
      const retryOptions = { autoRetry: false };
      return new Storage({ apiEndpoint, useAuthWithCustomEndpoint: true, projectId, authClient, retryOptions });
    },
    done: (started) => waitFor(compute(), running.project, started),
    raw: (path, init = {}) => {
      const authorization = `Bearer ${running.cloud.identity.issue(60_000)}`;
      return fetch(`${running.endpoint}${path}`, { ...init, headers: { authorization, ...init.headers } });
    },
    async restart() {
      await running.front.close();
      await running.stopTraffic();
      await running.cloud.close();
      // Clients keep connections; here they get to see that theirs are gone.
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      running = await startGcp(parts, running.port);
    },
    async close() {
      running.cloud.changeSettings({ stopGraceMs: 0 });
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    },
  };
}

/** Google's library asks Google's own address for tokens, whatever the key says. */
function keyClient(serviceAccountKey: RunningGcp["serviceAccountKey"]): JWT {
  const { client_email: email, private_key: key, token_uri } = serviceAccountKey;
  const client = new JWT({ email, key, scopes: ["https://www.googleapis.com/auth/cloud-platform"] });
  client.transporter.interceptors.request.add({
    resolved: async (request) => {
      if (String(request.url) === "https://oauth2.googleapis.com/token") request.url = new URL(token_uri);
      return request;
    },
  });
  return client;
}

async function waitFor(options: ComputeOptions, project: string, started: unknown): Promise<Finished> {
  const answer = (started as [{ latestResponse?: Begun }])[0];
  let operation = (answer.latestResponse ?? answer) as Begun;
  const [zone, region] = [last(operation.zone), last(operation.region)];
  while (operation.status !== "DONE") {
    const name = { project, operation: operation.name as string };
    const [next] = zone
      ? await new ZoneOperationsClient(options).wait({ ...name, zone })
      : region
        ? await new RegionOperationsClient(options).wait({ ...name, region })
        : await new GlobalOperationsClient(options).wait(name);
    operation = next;
  }
  const errors = operation.error?.errors ?? [];
  if (errors.length > 0) {
    throw new FailedOperation(
      errors.map(({ code }) => code ?? ""),
      errors.map(({ message }) => message ?? ""),
    );
  }
  return { name: operation.name ?? "", targetLink: operation.targetLink ?? "", targetId: String(operation.targetId) };
}

interface Begun {
  readonly name?: string | null;
  readonly zone?: string | null;
  readonly region?: string | null;
  readonly status?: unknown;
  readonly targetLink?: string | null;
  readonly targetId?: unknown;
  readonly error?: { readonly errors?: readonly { code?: string | null; message?: string | null }[] | null } | null;
}

function last(url: string | null | undefined): string | undefined {
  return url ? url.slice(url.lastIndexOf("/") + 1) : undefined;
}

/** Tries until it goes well, for up to `withinMs`. */
export async function until<T>(attempt: () => Promise<T>, withinMs = 20_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Why no guest can run here, as a sentence; false when one can. */
export function whyNoGuests(): string | false {
  const manifest = readToolsManifest(toolsManifestPath());
  if (!manifest) return "the tools were not brought in";
  return manifest.guests.possible ? false : manifest.guests.reason;
}
