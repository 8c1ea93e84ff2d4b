import assert from "node:assert/strict";
import { test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { proxyClient } from "../../src/traffic/client.ts";

test("an authority's file that can't be read is a matter of the configuration, with its key", async () => {
  const reach = {
    proxy: "edge",
    control: "https://127.0.0.1:9",
    token: async () => "token",
    caFile: "/nowhere/ca.pem",
  };
  await assert.rejects(proxyClient(reach).listener("shop", AbortSignal.timeout(10_000)), (error) => {
    assert.ok(isProviderError(error, "InvalidInput"), String(error));
    assert.match(error.details.reason, /ENOENT.*\/nowhere\/ca\.pem/);
    assert.match(error.details.action, /traffic\.proxies\[\]\.ca_file/);
    return true;
  });
});
