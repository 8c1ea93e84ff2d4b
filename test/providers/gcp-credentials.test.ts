import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { signerOf } from "../../src/providers/gcp/credentials.ts";

test("a key that could not be read again is asked for soon after, not at the next turn", async () => {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  let id = "one";
  let away = false;
  const credentials = async () => {
    if (away) throw new Error("the store of secrets is away");
    const values = { client_email: "a@p.example", private_key: privateKey, private_key_id: id };
    return { type: "service_account", values };
  };
  const keptMs = 3_000;
  const { auth } = await signerOf({ project: "p", zone: "z-a", simulated: true, credentials }, "gcp", keptMs);
  const used = async (): Promise<string> => {
    const headers = new Headers(await auth.getRequestHeaders("https://compute.googleapis.com/"));
    const [head = ""] = (headers.get("authorization") ?? "").replace("Bearer ", "").split(".");
    return (JSON.parse(Buffer.from(head, "base64url").toString()) as { kid: string }).kid;
  };
  assert.equal(await used(), "one");
  id = "two";
  away = true;
  await sleep(keptMs + 50);
  await assert.rejects(used(), /is away/);
  away = false;
  await sleep(keptMs / 60 + 20);
  assert.equal(await used(), "two");
});
