import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** Nobody answers at this address; what is called is loaded before that shows. */
const endpoint = "http://127.0.0.1:9";
const clouds = {
  aws: {
    entry: { region: "us-east-1", endpoint },
    credentials: { access_key: "AKIDEXAMPLE", secret_key: "only-for-tests" },
    loads: "@aws-sdk/client-ec2",
    leaves: "@aws-sdk/client-s3",
  },
  azure: {
    entry: { region: "eastus", endpoint, subscriptionId: "s", resourceGroup: "g", storageAccount: "account" },
    credentials: { tenant_id: "t", client_id: "c", client_secret: "only-for-tests" },
    loads: "@azure/arm-compute",
    leaves: "@azure/storage-blob",
  },
  oci: {
    entry: { region: "us-ashburn-1", endpoint, compartment: "ocid1.compartment.oc1..none" },
    credentials: { tenancy: "t", user: "u", fingerprint: "f", private_key: "" },
    loads: "oci-core",
    leaves: "oci-objectstorage",
  },
  gcp: {
    entry: { projectId: "p", zone: "us-central1-a", endpoint },
    credentials: { service_account: JSON.stringify({ client_email: "a@example.com", private_key: "none" }) },
    loads: "@google-cloud/compute",
    leaves: "@google-cloud/storage",
  },
} as const;

/** Run in a process of its own: makes a provider as a worker does, and prints which packages of SDKs that loaded, before its
 *  first call and after it. */
const program = (kind: keyof typeof clouds) => `
import { registerHooks } from "node:module";
const seen = new Set();
registerHooks({
  resolve(specifier, context, next) {
    const name = /^(?:@(?:aws-sdk|smithy|azure|google-cloud)\\/[^/]+|oci-[a-z]+)/.exec(specifier)?.[0];
    if (name) seen.add(name);
    return next(specifier, context);
  },
});
await import("./src/worker/deps.ts");
await import("./src/worker/worker.ts");
const { createRegistry } = await import("./src/providers/registry.ts");
const { entry, credentials } = ${JSON.stringify(clouds[kind])};
const site = { site: "cloud", type: "${kind}", enabled: true, ...entry };
const registry = createRegistry([{ ...site, credentials: async () => ({ values: credentials }) }], {
  tools: {},
  runDir: "",
  context: (site) => ({ site, log() {}, budget: () => ({ take: async () => {} }) }),
});
const provider = await registry.provider("cloud");
const before = [...seen];
await Array.fromAsync(provider.compute.listVms(AbortSignal.timeout(20_000))).catch(() => undefined);
console.log(JSON.stringify({ before, after: [...seen] }));
`;

for (const kind of Object.keys(clouds) as (keyof typeof clouds)[]) {
  test(`no SDK of ${kind} is loaded until a site is called, and then only the one of the service`, async () => {
    const cwd = new URL("../..", import.meta.url);
    const args = ["--input-type=module", "--eval", program(kind)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
    const { before, after } = JSON.parse(stdout) as { before: string[]; after: string[] };
    assert.deepEqual(before, []);
    assert.ok(after.includes(clouds[kind].loads), after.join(" "));
    assert.ok(!after.includes(clouds[kind].leaves), after.join(" "));
  });
}
