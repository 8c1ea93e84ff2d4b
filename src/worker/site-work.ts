import { setTimeout as sleep } from "node:timers/promises";
import { NativeConnection, Worker } from "@temporalio/worker";
import type { SiteDeps } from "../activities/deps.ts";
import { type HeartbeatWatch, heartbeatInterceptor } from "../activities/heartbeat.ts";
import { createSiteActivities } from "../activities/index.ts";
import type { SiteOutput } from "../site/contract.ts";
import type { SiteIdentity } from "../site/identity.ts";
import type { Say } from "../telemetry/say.ts";
import { traceAttempt } from "../temporal/trace-activities.ts";
import { type RunTelling, runLines } from "./run-lines.ts";

export interface SiteWorkOptions {
  readonly url: string;
  readonly identity: SiteIdentity;
  readonly assignment: SiteOutput<"assignment">;
  readonly deps: SiteDeps;
  readonly log: Say;
  readonly telling: Pick<RunTelling, "spans" | "attempts"> & { readonly heartbeats: HeartbeatWatch };
}

const lookEveryMs = 1_000;
const tryAgainMs = 1_000;
/** A copy may take long; the certificate that the old connection shows is accepted for as long. */
const idleWithinMs = 5 * 86_400_000;

/** Takes activities from the site's queue, through the API's port. */
export class SiteWork {
  readonly #options: SiteWorkOptions;
  #running: Running | undefined;
  #reconnectBy: number | undefined;

  constructor(options: SiteWorkOptions) {
    this.#options = options;
  }

  /** False while the way to Temporal is cut: nobody is to count on this worker then. */
  get takesWork(): boolean {
    return this.#running !== undefined && !this.#running.ended;
  }

  /** Resolves once it polls. */
  async start(signal: AbortSignal): Promise<void> {
    let told = "";
    while (!this.#running && !signal.aborted) {
      this.#running = await open(this.#options).catch((error: unknown) => {
        const reason = String(error);
        if (reason !== told) this.#options.log("warn", "can't take work yet; it is tried again", { reason });
        told = reason;
        return undefined;
      });
      if (!this.#running) await sleep(tryAgainMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** A connection shows the certificate that it was opened with; another one is opened between two activities. */
  reconnectWhenIdle(): void {
    this.#reconnectBy = Date.now() + idleWithinMs;
  }

  /** Resolves when what was under way has ended, or was given up for others to take up. */
  async until(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#running?.ended) {
        // The API was away for longer than Temporal's client waits, or is another one now.
        await this.#running.close();
        this.#running = undefined;
      }
      await this.start(signal);
      if (!this.#running) break;
      await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
      const due = this.#reconnectBy !== undefined && (this.#running.idle || Date.now() > this.#reconnectBy);
      if (!due || signal.aborted) continue;
      this.#reconnectBy = undefined;
      await this.#running.close();
      this.#running = undefined;
    }
    await this.#running?.close();
  }
}

interface Running {
  readonly ended: boolean;
  readonly idle: boolean;
  close(): Promise<void>;
}

async function open({ url, identity, assignment, deps, log, telling }: SiteWorkOptions): Promise<Running> {
  const { hostname, port } = new URL(url);
  const { key, cert, ca } = identity.tls;
  const connection = await NativeConnection.connect({
    address: `${hostname}:${port || 443}`,
    tls: {
      serverRootCACertificate: Buffer.from(ca),
      clientCertPair: { crt: Buffer.from(cert), key: Buffer.from(key) },
    },
  });
  const { watch } = runLines({ log, spans: telling.spans, attempts: telling.attempts });
  try {
    const worker = await Worker.create({
      connection,
      namespace: assignment.namespace,
      taskQueue: assignment.taskQueue,
      identity: identity.workerId,
      activities: createSiteActivities(deps),
      interceptors: {
        activity: [
          (context) => traceAttempt(context, watch),
          (context) => ({ inbound: heartbeatInterceptor(context, telling.heartbeats) }),
        ],
      },
      maxHeartbeatThrottleInterval: "1 second",
      // As for a worker for everything: each copy holds up to 64 MiB of buffers.
      maxConcurrentActivityTaskExecutions: 20,
      shutdownGraceTime: "5 seconds",
    });
    let ended = false;
    const running = worker
      .run()
      .catch((error: unknown) => log("warn", "stopped taking work; it starts again", { reason: String(error) }));
    const end = running.then(() => {
      ended = true;
    });
    return {
      get ended() {
        return ended;
      },
      get idle() {
        return worker.getStatus().numInFlightActivities === 0;
      },
      async close() {
        if (!ended && worker.getState() === "RUNNING") worker.shutdown();
        await end;
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
