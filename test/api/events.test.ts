import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type MigrationEvent, readEvents } from "../../src/cli/event-stream.ts";
import { assertEvent } from "./support/conformance.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after });
const request = { vm: "web-1", from: "onprem-a", to: "onprem-b" };

function open(id: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  const authorization = `Bearer ${api.token}`;
  return fetch(`${api.url}/v1/migrations/${id}/events`, {
    headers: { authorization, ...headers },
    signal: signal ?? null,
  });
}

async function start(): Promise<string> {
  return (await api.call("POST", "/v1/migrations", { body: request })).body.migration_id;
}

describe("a migration's event stream", () => {
  test("tells the story from the beginning, follows it, and ends with the terminal state", async () => {
    const id = await start();
    const response = await open(id);
    assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const story: string[] = [];
    const sequences: number[] = [];
    for await (const event of readEvents<MigrationEvent>(response.body as ReadableStream<Uint8Array>)) {
      assertEvent(event);
      story.push(event.message);
      sequences.push(event.sequence);
      if (event.message === "copying vda") await api.call("POST", `/v1/migrations/${id}/pause`);
      if (event.message === "paused") await api.call("POST", `/v1/migrations/${id}/resume`);
      if (event.message === "awaiting-finalize") await api.call("POST", `/v1/migrations/${id}/rollback`);
    }
    assert.deepEqual(story, ["copying vda", "paused", "running", "awaiting-finalize", "rolled-back"]);
    assert.deepEqual(sequences, [1, 2, 3, 4, 5]);

    const rest = await open(id, { "last-event-id": "3" });
    const replayed: number[] = [];
    for await (const event of readEvents<MigrationEvent>(rest.body as ReadableStream<Uint8Array>))
      replayed.push(event.sequence);
    assert.deepEqual(replayed, [4, 5]);
    assert.equal((await open(id, { "last-event-id": "5" })).status, 204);
  });

  test("sends comments while nothing happens and lets go when the reader leaves", async () => {
    const id = await start();
    const leave = new AbortController();
    const response = await open(id, {}, leave.signal);
    const decoder = new TextDecoder();
    let text = "";
    await assert.rejects(async () => {
      for await (const chunk of response.body as ReadableStream<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        if (text.split(": alive").length > 3) leave.abort();
      }
    }, /abort/i);
    await api.call("POST", `/v1/migrations/${id}/cancel`);
  });

  test("refuses an unknown migration and a Last-Event-ID that is not one", async () => {
    assert.equal((await open("none")).status, 404);
    assert.equal((await open(await start(), { "last-event-id": "soon" })).status, 400);
  });
});
