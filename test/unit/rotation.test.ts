import assert from "node:assert/strict";
import { test } from "node:test";
import { keyIdOf } from "../../src/domain/rotation.ts";

test("a site's credentials tell which of its keys they hold, where they say so", () => {
  assert.equal(keyIdOf({ access_key: "AKIA", secret_key: "s" }), "AKIA");
  assert.equal(keyIdOf({ user: "u", fingerprint: "a:b", private_key: "p" }), "a:b");
  assert.equal(keyIdOf({ private_key_id: "k", private_key: "p" }), "k");
  assert.equal(keyIdOf({ service_account: '{"private_key_id":"k","private_key":"p"}' }), "k");
  assert.equal(keyIdOf({ client_id: "c", client_secret: "s", client_secret_id: "i" }), "i");
  assert.equal(keyIdOf({ client_id: "c", client_secret: "s" }), undefined);
  assert.equal(keyIdOf({ service_account: "/a/file" }), undefined);
  assert.equal(keyIdOf({}), undefined);
});
