import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { answerOf, type ConnectedApi, connectApi, type Schemas } from "../client.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatSeconds, readBandwidth, readHttpProbe, readPort, readSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan, notExecutable } from "./plans.ts";

type Test = Schemas["MigrationTest"];
type TestRequest = Schemas["MigrationTestRequest"];

const pollMs = 500;
const ended: readonly Test["state"][] = ["passed", "failed", "cancelled"];

export interface TestOptions extends CommonOptions {
  readonly hold?: string;
  readonly maxLife?: string;
  readonly probeHttp?: readonly string[];
  readonly probeTcp?: readonly string[];
  readonly map?: string;
  readonly instanceType?: string;
  readonly bandwidth?: string;
  /** A dry run that was made before. */
  readonly plan?: string;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
}

/** Of a warm migration's replica, or by a plan that was made before. */
export async function testMigration(id: string | undefined, options: TestOptions): Promise<void> {
  if (options.plan !== undefined) {
    if (id !== undefined || Object.keys(readWishes(options)).length > 0) {
      throw usageError("--plan carries out a plan exactly as it is", "Leave the migration and the other options out.");
    }
    const { api } = connectApi(options);
    await start(await answerOf(api.GET("/v1/plans/{id}", { params: { path: { id: options.plan } } })), options);
    return;
  }
  if (id === undefined) throw usageError("Which migration?", "Name it, or a plan of a test with --plan.");
  await test({ migration_id: id }, options);
}

/** Plans, and starts exactly that. */
export async function test(
  what: Pick<TestRequest, "migration_id" | "vm" | "from" | "to">,
  options: TestOptions,
): Promise<void> {
  const { api } = connectApi(options);
  const kind = "test_migration" as const;
  const request = { ...what, ...readWishes(options) };
  await start(await answerOf(api.POST("/v1/plans", { body: { kind, request } })), options);
}

async function start(plan: Schemas["Plan"], options: TestOptions): Promise<void> {
  const connected = connectApi(options);
  const { api } = connected;
  if (options.dryRun) {
    await show(plan, options.output, describePlan);
    return;
  }
  if (!plan.executable) throw notExecutable(plan);
  const header = { "Idempotency-Key": randomUUID() };
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash };
  const started = await answerOf(api.POST("/v1/migration-tests", { body, params: { header } }));
  if (!("test_id" in started)) throw new CliError("The API answered with a plan instead of a test", "");
  if (!options.watch) {
    await show(started, options.output, ({ test_id: id }) =>
      [`Started test ${id}`, `Follow it: novacron tests show ${id} --watch`].join("\n"),
    );
    return;
  }
  await follow(connected, started.test_id, options);
}

export async function listTests(options: CommonOptions & { migration?: string; vm?: string }): Promise<void> {
  const { api } = connectApi(options);
  const { migration, vm } = options;
  const query = { limit: 100, ...(migration ? { migration_id: migration } : {}), ...(vm ? { vm } : {}) };
  const page = await answerOf(api.GET("/v1/migration-tests", { params: { query } }));
  await show(page, options.output, ({ items }) =>
    table(
      items,
      [
        { head: "TEST", value: (row) => row.test_id },
        { head: "VM", value: (row) => row.vm.name },
        { head: "AT", value: (row) => row.to },
        { head: "OF", value: (row) => row.migration_id ?? "a copy" },
        { head: "STATE", value: (row) => row.state },
        { head: "STARTED", value: (row) => row.created_at },
      ],
      "No tests.",
    ),
  );
}

export async function showTest(id: string, options: CommonOptions & { watch?: boolean }): Promise<void> {
  const connected = connectApi(options);
  if (options.watch) await follow(connected, id, options);
  else await show(await readTest(connected, id), options.output, describeTest);
}

export async function endTest(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  await show(
    await answerOf(api.POST("/v1/migration-tests/{id}/end", { params: { path: { id } } })),
    options.output,
    describeTest,
  );
}

export async function promoteTest(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const told = await answerOf(api.POST("/v1/migration-tests/{id}/promote", { params }));
  await show(told, options.output, ({ migration_id: migration }) =>
    [`Migration ${migration} cuts over`, `Follow it: novacron migrations show ${migration} --watch`].join("\n"),
  );
}

/** Shows each step on stderr as it comes, until it has ended or is held up. @throws CliError unless it was proven. */
async function follow(connected: ConnectedApi, id: string, options: CommonOptions): Promise<void> {
  let told = "";
  for (;;) {
    const seen = await readTest(connected, id);
    const line = `${seen.state}${seen.step ? `, ${seen.step}` : ""}`;
    if (line !== told) process.stderr.write(`Test ${id}: ${line}\n`);
    told = line;
    if (ended.includes(seen.state) || seen.state === "holding") {
      await show(seen, options.output, describeTest);
      if (seen.state === "passed" || seen.state === "holding") return;
      throw new CliError(
        `The test is ${seen.state}: ${seen.problem?.message ?? ""}`,
        "Source and replica are as before.",
      );
    }
    await sleep(pollMs);
  }
}

function readTest({ api }: ConnectedApi, id: string): Promise<Test> {
  return answerOf(api.GET("/v1/migration-tests/{id}", { params: { path: { id } } }));
}

function describeTest(test: Test): string {
  const { boot, probes = [], steps = [], problem } = test;
  const left = (problem?.left_behind ?? []).map(({ resource, remove }) => `  ${resource}\n    see ${remove}`);
  return [
    fields([
      ["Test", test.test_id],
      ["VM", `${test.vm.name}, from ${test.from} at ${test.to}`],
      ["Of", test.migration_id ? `migration ${test.migration_id}, round ${test.round ?? "?"}` : "a copy of its own"],
      ["State", `${test.state}${test.step && !ended.includes(test.state) ? `, ${test.step}` : ""}`],
      ["Shows", test.point_taken_at],
      ["Consistency", test.consistency && `${test.consistency.level} (${test.consistency.why})`],
      ["Boot", boot && (boot.proven ? `proven: ${boot.evidence}` : boot.reason)],
      ["Ends by", ended.includes(test.state) ? undefined : test.expires_at],
      ["Problem", problem && `${problem.code}: ${problem.message}`],
    ]),
    steps.length > 0
      ? `Steps:\n${steps.map(({ step, seconds }) => `  ${step.padEnd(10)} ${formatSeconds(seconds).padStart(9)}`).join("\n")}`
      : "",
    probes.length > 0
      ? `Proven:\n${probes.map(({ probe, seconds }) => `  ${probe}, ${formatSeconds(seconds)} after its start`).join("\n")}`
      : "",
    left.length > 0 ? `Left behind:\n${left.join("\n")}` : "",
    nextOf(test),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function nextOf({ state, test_id: id, migration_id: migration }: Test): string {
  if (state !== "holding") return "";
  return `Next: novacron tests end ${id}${migration ? `, or novacron tests promote ${id}` : ""}`;
}

function readWishes({
  hold,
  maxLife,
  probeHttp,
  probeTcp,
  map,
  instanceType,
  bandwidth,
}: TestOptions): Partial<TestRequest> {
  const tcp = probeTcp?.map((text) => ({ port: readPort(text) }));
  const http = probeHttp?.map(readHttpProbe);
  return {
    ...(map ? { map } : {}),
    ...(instanceType ? { instance_type: instanceType } : {}),
    ...(bandwidth ? { bandwidth_bytes_per_second: readBandwidth(bandwidth) } : {}),
    ...(hold === undefined ? {} : { hold_seconds: readSeconds(hold) }),
    ...(maxLife === undefined ? {} : { max_life_seconds: readSeconds(maxLife) }),
    ...(tcp || http ? { verify: { ...(tcp ? { tcp_probes: tcp } : {}), ...(http ? { http_probes: http } : {}) } } : {}),
  };
}
