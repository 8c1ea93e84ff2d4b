import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultPayloadConverter, type Payload } from "@temporalio/common";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { fileStore } from "../../src/integrations/secrets/local.ts";
import { connectClient, dataConverterOf, taskQueue } from "../../src/temporal/connection.ts";
import { EncryptingCodec } from "../../src/temporal/payload-codec.ts";
import { temporaryDir, withTemporal } from "../support/servers.ts";

const key = () => randomBytes(32).toString("base64");
const payload = (value: unknown) => defaultPayloadConverter.toPayload<unknown>(value);
const value = (of: Payload | undefined) => defaultPayloadConverter.fromPayload(of as Payload);
const bytes = (of: Payload | undefined) => Buffer.from(of?.data ?? []).toString("latin1");

class Ring {
  readonly keys: Record<string, string> = { k1: key() };
  current = "k1";
  reads = 0;
  readonly read = async () => {
    this.reads += 1;
    return JSON.stringify({ current: this.current, keys: this.keys });
  };
}

describe("payloads", () => {
  test("are unreadable outside and come back as they were", async () => {
    const codec = new EncryptingCodec(new Ring().read);
    const inputs = [{ vm: "top-secret-vm", n: 1 }, ["top-secret-vm"], 42, null, true, new Uint8Array([1, 2, 3])];
    const encoded = await codec.encode(inputs.map(payload));
    for (const each of encoded) {
      assert.equal(Buffer.from(each.metadata?.encoding ?? []).toString(), "binary/encrypted");
      assert.ok(!bytes(each).includes("top-secret-vm"));
    }
    assert.deepEqual((await codec.decode(encoded)).map(value), inputs);
    const [one, other] = await codec.encode([payload(inputs[0]), payload(inputs[0])]);
    assert.notEqual(bytes(one), bytes(other), "equal content does not show");
  });

  test("that are bare texts stay readable, as summaries must, and what was never encrypted passes through", async () => {
    const codec = new EncryptingCodec(new Ring().read);
    const summary = payload("Migrate web-1: a → b");
    assert.deepEqual(await codec.encode([summary]), [summary]);
    const old = payload({ from: "an older history" });
    assert.deepEqual(await codec.decode([old]), [old]);
  });

  test("that were changed, or moved under another key's id, are refused", async () => {
    const ring = new Ring();
    ring.keys.k2 = ring.keys.k1 as string;
    const codec = new EncryptingCodec(ring.read);
    const [encoded] = await codec.encode([payload({ a: 1 })]);
    assert.ok(encoded);
    const data = Buffer.from(encoded.data ?? []);
    data.writeUInt8(data.readUInt8(20) ^ 1, 20);
    await assert.rejects(codec.decode([{ ...encoded, data }]), /it was changed/);
    const metadata = { ...encoded.metadata, "encryption-key-id": Buffer.from("k2") };
    await assert.rejects(codec.decode([{ ...encoded, metadata }]), /it was changed/);
    const unknown = { ...encoded.metadata, "encryption-key-id": Buffer.from("k9") };
    await assert.rejects(codec.decode([{ ...encoded, metadata: unknown }]), /k9 is not among/);
  });

  test("are read across a rotation of the key by a process that had not heard of it", async () => {
    const ring = new Ring();
    const [writer, reader] = [new EncryptingCodec(ring.read), new EncryptingCodec(ring.read)];
    const [before] = await writer.encode([payload({ n: 1 })]);
    await reader.decode([before as Payload]);
    ring.keys.k2 = key();
    ring.current = "k2";
    const [later] = await new EncryptingCodec(ring.read).encode([payload({ n: 2 })]);
    assert.equal(Buffer.from(later?.metadata?.["encryption-key-id"] ?? []).toString(), "k2");
    assert.deepEqual((await reader.decode([before as Payload, later as Payload])).map(value), [{ n: 1 }, { n: 2 }]);
  });

  test("are not written at all with a key ring that is not sound, and no key is in the refusal", async () => {
    const short = Buffer.from("short-key-canary").toString("base64");
    for (const text of [
      "no JSON",
      "{}",
      JSON.stringify({ current: "a", keys: { a: short } }),
      JSON.stringify({ current: "b", keys: { a: key() } }),
    ]) {
      await assert.rejects(new EncryptingCodec(async () => text).encode([payload({})]), (error: Error) => {
        assert.match(error.message, /payload keys/);
        return !error.message.includes(short);
      });
    }
  });
});

test("a real history holds neither input nor result in the clear, and is read with the key", async () => {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const temporal = await withTemporal({ after });
  const file = join(temporaryDir(), "payload-keys.json");
  writeFileSync(file, JSON.stringify({ current: "a", keys: { a: key() } }), { mode: 0o600 });
  const codec = new EncryptingCodec(
    async () => (await fileStore.fetch(file, AbortSignal.timeout(5_000))).values.value ?? "",
  );
  const to = { address: temporal.address, namespace: "default", codec };
  const connection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    dataConverter: dataConverterOf(to),
    workflowsPath: fileURLToPath(new URL("../api/support/workflows.ts", import.meta.url)),
  });
  const [client, outsider] = [
    await connectClient(to),
    await connectClient({ address: to.address, namespace: "default" }),
  ];
  const running = worker.run();
  try {
    const options = {
      taskQueue,
      workflowId: "check/canary",
      args: [{ site: "canary-site" }],
      staticSummary: "check it",
    };
    const checks = await client.workflow.execute("checkSite", options);
    assert.match(JSON.stringify(checks), /canary-site answers/);
    const history = historyToJSON(await outsider.workflow.getHandle("check/canary").fetchHistory());
    const decoded = history.replaceAll(/"data": ?"([^"]+)"/g, (_, data: string) =>
      Buffer.from(data, "base64").toString("latin1"),
    );
    assert.ok(!decoded.includes("canary-site"), "neither in the input nor in the result");
    assert.match(history, /encryption-key-id/);
    assert.match(decoded, /check it/, "its summary tells an operator what it is");
  } finally {
    worker.shutdown();
    await running;
    await connection.close();
    await client.connection.close();
    await outsider.connection.close();
  }
});
