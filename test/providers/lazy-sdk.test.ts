import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** Run in a process of its own: makes the AWS provider as a worker does, and prints which packages of the SDK that loaded,
 *  before its first call and after it. */
const program = `
import { registerHooks } from "node:module";
const seen = new Set();
registerHooks({
  resolve(specifier, context, next) {
    const name = /^@(aws-sdk|smithy)\\/[^/]+/.exec(specifier)?.[0];
    if (name) seen.add(name);
    return next(specifier, context);
  },
});
await import("./src/worker/deps.ts");
await import("./src/worker/worker.ts");
const { createRegistry } = await import("./src/providers/registry.ts");
const entry = { site: "aws", type: "aws", enabled: true, region: "us-east-1", endpoint: "http://127.0.0.1:9" };
const credentials = async () => ({ values: { access_key: "AKIDEXAMPLE", secret_key: "only-for-tests" } });
const registry = createRegistry([{ ...entry, credentials }], {
  tools: {},
  runDir: "",
  context: (site) => ({ site, log() {}, budget: () => ({ take: async () => {} }) }),
});
const provider = await registry.provider("aws");
const before = [...seen];
await provider.compute.getVm("i-0123456789abcdef0", AbortSignal.timeout(20_000)).catch(() => undefined);
console.log(JSON.stringify({ before, after: [...seen] }));
`;

test("no SDK is loaded until a site is called, and then only the one of the service", async () => {
  const cwd = new URL("../..", import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd });
  const { before, after } = JSON.parse(stdout) as { before: string[]; after: string[] };
  assert.deepEqual(before, []);
  assert.ok(after.includes("@aws-sdk/client-ec2"), after.join(" "));
  assert.ok(!after.includes("@aws-sdk/client-s3"), after.join(" "));
});
