import { type ActivityInterceptorsFactory, NativeConnection, Worker, type WorkerOptions } from "@temporalio/worker";
import { type ActivityDeps } from "../activities/deps.ts";
import { type HeartbeatWatch, heartbeatInterceptor } from "../activities/heartbeat.ts";
import { createActivities } from "../activities/index.ts";
import {
  connectionOptions,
  dataConverterOf,
  keepApiKey,
  listenQueue,
  type TemporalAddress,
  taskQueue,
} from "../temporal/connection.ts";
import { traceAttempt } from "../temporal/trace-activities.ts";
import { workflowBundle } from "./bundle.ts";
import { type RunTelling, runLines } from "./run-lines.ts";

export interface WorkerSettings {
  readonly temporal: TemporalAddress;
  readonly bundleCacheDir: string;
  readonly deps: ActivityDeps;
  /** What is told of runs and activities, and to whom. Default nobody. */
  readonly telling?: RunTelling & { readonly heartbeats?: HeartbeatWatch | undefined };
  /** For tests: changes the activities before they are registered. */
  readonly decorate?: (activities: ReturnType<typeof createActivities>) => object;
}

/** A worker for everything; any number of them may run. Call `run()` on it; it owns the connection it returns. */
export async function createWorker(settings: WorkerSettings): Promise<{ worker: Worker; close(): Promise<void> }> {
  const { temporal, deps } = settings;
  const [connection, bundle] = await Promise.all([connect(temporal), workflowBundle(settings.bundleCacheDir)]);
  const activities = createActivities(deps);
  const { telling = nobody } = settings;
  const options: WorkerOptions = {
    connection,
    namespace: temporal.namespace,
    dataConverter: dataConverterOf(temporal),
    taskQueue,
    workflowBundle: bundle,
    activities: settings.decorate ? settings.decorate(activities) : activities,
    sinks: runLines(telling).sinks,
    interceptors: { activity: activityInterceptors(telling) },
    // A killed worker's cached runs are offered to its own queue first; its successor should not wait long for that.
    stickyQueueScheduleToStartTimeout: "1 second",
    maxHeartbeatThrottleInterval: "1 second",
    // Each copy holds up to 64 MiB of buffers and a core's worth of work.
    maxConcurrentActivityTaskExecutions: 20,
    shutdownGraceTime: "5 seconds",
  };
  const worker = await Worker.create(options);
  return { worker, close: () => connection.close() };
}

/** Takes what listens to sites and looks at them, one activity each and as many as there are: they wait, and work little. */
export async function createListener(
  settings: Pick<WorkerSettings, "temporal" | "deps" | "telling">,
): Promise<{ worker: Worker; close(): Promise<void> }> {
  const { temporal, deps, telling = nobody } = settings;
  const connection = await connect(temporal);
  const { watchSite, keepLeases, judgeSite, probeSite, watchPool, watchLease, readMetrics, watchAlerts } =
    createActivities(deps);
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    dataConverter: dataConverterOf(temporal),
    taskQueue: listenQueue,
    activities: { watchSite, keepLeases, judgeSite, probeSite, watchPool, watchLease, readMetrics, watchAlerts },
    interceptors: { activity: activityInterceptors(telling) },
    maxConcurrentActivityTaskExecutions: 1_000,
    // Heartbeats bring word of a cancellation.
    maxHeartbeatThrottleInterval: "5 seconds",
    // Nothing is lost by ending one at once.
    shutdownGraceTime: "0 seconds",
  });
  return { worker, close: () => connection.close() };
}

const nobody: NonNullable<WorkerSettings["telling"]> = { log: () => undefined };

function activityInterceptors(telling: NonNullable<WorkerSettings["telling"]>): ActivityInterceptorsFactory[] {
  const { watch } = runLines(telling);
  return [
    (context) => traceAttempt(context, watch),
    (context) => ({ inbound: heartbeatInterceptor(context, telling.heartbeats) }),
  ];
}

async function connect(to: TemporalAddress): Promise<NativeConnection> {
  const options = await connectionOptions(to);
  const connection = await NativeConnection.connect(options);
  keepApiKey(connection, to, options.apiKey);
  return connection;
}
