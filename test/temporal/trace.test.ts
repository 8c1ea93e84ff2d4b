import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Context } from "@temporalio/activity";
import { DefaultLogger, type LogEntry, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { formatTraceparent, type Work } from "../../src/domain/trace.ts";
import { currentWork, within, workOfRequest } from "../../src/telemetry/work.ts";
import { connectClient } from "../../src/temporal/connection.ts";
import { type AttemptEnd, traceAttempt } from "../../src/temporal/trace-activities.ts";
import { withTemporal } from "../support/servers.ts";
import { answerUpdate, goOnSignal } from "./support/traced-workflows.ts";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const said: LogEntry[] = [];
Runtime.install({ logger: new DefaultLogger("WARN", (entry) => void said.push(entry)), shutdownSignals: [] });
const server = await withTemporal({ after });
const client = await connectClient({ address: server.address, namespace: "default" });
const connection = await NativeConnection.connect({ address: server.address });

interface Noted {
  readonly what: string;
  readonly work: Work | undefined;
}
const noted: Noted[] = [];
const ends: AttemptEnd[] = [];
const told: { what: string; traceId: string }[] = [];
const sink = (what: string) => ({
  fn: (_info: unknown, carried: { traceId: string }, more?: string) =>
    void told.push({ what: more === undefined ? what : `${what} ${more}`, traceId: carried.traceId }),
  callDuringReplay: false,
});
const worker = await Worker.create({
  connection,
  taskQueue: "traces",
  workflowsPath: file("./support/traced-workflows.ts"),
  activities: {
    async note({ what }: { what: string }): Promise<void> {
      noted.push({ what, work: currentWork() });
      Context.current().log.warn("noted", { what });
    },
  },
  interceptors: {
    workflowModules: [file("../../src/temporal/trace-workflow.ts")],
    activity: [(context) => traceAttempt(context, { began: () => undefined, ended: (end) => void ends.push(end) })],
  },
  sinks: { trace: { began: sink("began"), ended: sink("ended"), told: sink("told") } },
});
const running = worker.run();
after(async () => {
  worker.shutdown();
  await running;
  await connection.close();
  await client.connection.close();
});

const work = (what: string) => noted.find((each) => each.what === what)?.work;

test("a trace is handed on to activities, local ones, children, and the run after this one", async () => {
  const starter = workOfRequest(undefined, "starter");
  const asker = workOfRequest(undefined, "asker");
  const handle = await within(starter, () =>
    client.workflow.start("everyWay", { taskQueue: "traces", workflowId: "every-way", args: [] }),
  );
  await within(asker, () => handle.executeUpdate(answerUpdate, { args: ["asked"] }));
  await within(asker, () => handle.signal(goOnSignal));
  await handle.result();
  for (const what of ["round 1", "local 1", "child", "round 2", "local 2"]) {
    assert.equal(work(what)?.traceId, starter.traceId, what);
    assert.equal(work(what)?.requestId, "starter", what);
  }
  // What an update's handler does is done for who asked for it.
  assert.equal(work("asked")?.traceId, asker.traceId);
  assert.equal(work("asked")?.requestId, "asker");

  const parents = new Set(["round 1", "local 1"].map((what) => work(what)?.parentSpanId));
  assert.equal(parents.size, 1, "attempts are parts of the run");
  assert.notEqual(work("round 1")?.parentSpanId, starter.spanId, "and the run is one of the request");
  assert.notEqual(work("round 1")?.spanId, work("local 1")?.spanId);

  const of = (what: string) => told.filter((each) => each.what.startsWith(what)).map(({ traceId }) => traceId);
  assert.deepEqual(of("began"), [starter.traceId, starter.traceId, starter.traceId], "twice itself, and its child");
  assert.deepEqual(of("told"), [asker.traceId, asker.traceId]);
  const endings = told.filter(({ what }) => what.startsWith("ended")).map(({ what }) => what);
  assert.deepEqual(endings.sort(), ["ended completed", "ended completed", "ended continued-as-new"]);

  const traces = said
    .filter(({ message }) => ["on its way", "noted"].includes(message))
    .map(({ meta }) => meta?.traceId);
  assert.ok(traces.length >= 6);
  for (const traceId of traces) assert.ok([starter.traceId, asker.traceId].includes(String(traceId)));
  assert.ok(ends.every(({ outcome }) => outcome === "ok"));
});

test("a run that fails says so in its trace", async () => {
  const starter = workOfRequest(
    formatTraceparent({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: false }),
    "r",
  );
  const handle = await within(starter, () =>
    client.workflow.start("failing", { taskQueue: "traces", workflowId: "failing", args: [] }),
  );
  await assert.rejects(handle.result());
  assert.deepEqual(told.at(-1), { what: "ended failed", traceId: "a".repeat(32) });
});
