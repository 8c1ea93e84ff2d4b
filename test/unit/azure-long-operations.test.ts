import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineRequest,
} from "@azure/core-rest-pipeline";
import { BudgetedHttp } from "../../src/providers/azure/http.ts";
import { untilDone } from "../../src/providers/azure/long-operations.ts";
import { patience } from "../../src/providers/azure/settings.ts";

const url = "https://management.azure.com/subscriptions/s/providers/Microsoft.Compute/locations/l/operations/o";
const signal = new AbortController().signal;
/** A timer may be a fraction of a millisecond early. */
const early = 5;

/** An operation that is over after so many looks, each of which is answered with what `Retry-After` says then. */
function operation(retryAfter: readonly (string | undefined)[]) {
  const looks: number[] = [];
  const inner: HttpClient = {
    async sendRequest(request: PipelineRequest) {
      const seconds = retryAfter[looks.length];
      looks.push(performance.now());
      const headers = createHttpHeaders(seconds === undefined ? {} : { "retry-after": seconds });
      return { request, status: 200, headers };
    },
  };
  const context = { site: "test", budget: () => ({ take: async () => {} }), log: () => {} };
  const http = new BudgetedHttp({ context, patience, inner });
  const poller = {
    get isDone() {
      return looks.length === retryAfter.length;
    },
    poll: () => http.sendRequest(createPipelineRequest({ url })),
    pollUntilDone: async () => "its result",
  };
  return {
    began: poller as unknown as PromiseLike<string>,
    gaps: () => looks.slice(1).map((at, i) => at - (looks[i] ?? 0)),
  };
}

test("a long operation is looked at soon, and then ever less often", async () => {
  const { began, gaps } = operation([undefined, undefined, "0", undefined]);
  assert.equal(await untilDone(began, { pollMs: { first: 40, most: 70 } }, signal), "its result");
  const [first = 0, second = 0, third = 0] = gaps();
  assert.ok(first >= 40 - early && second >= 60 - early && third >= 70 - early, gaps().join());
});

test("Azure's word on when to look again counts, for that one look", async () => {
  const { began, gaps } = operation([undefined, "1", undefined, undefined]);
  await untilDone(began, { pollMs: { first: 5, most: 5 } }, signal);
  assert.ok((gaps()[1] ?? 0) >= 1_000 - early, gaps().join());
});

test("what failed while it was under way, and what its caller gave up, ends the waiting", async () => {
  const failure = new Error("it failed");
  const failing = { isDone: false, poll: async () => Promise.reject(failure), pollUntilDone: async () => "" };
  await assert.rejects(untilDone(failing as unknown as PromiseLike<string>, patience, signal), failure);
  const given = new AbortController();
  const { began } = operation([undefined, "60", undefined]);
  const waiting = untilDone(began, patience, given.signal);
  given.abort(new Error("given up"));
  await assert.rejects(waiting, /given up/);
});

test("what has no operation is its own result", async () => {
  assert.equal(await untilDone(Promise.resolve("plain"), patience, signal), "plain");
});
