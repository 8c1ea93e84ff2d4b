import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isPublished, sdkOperation } from "./models.ts";
import { type OciLab, startOciLab } from "./support.ts";

let lab: OciLab;
before(async () => {
  lab = await startOciLab();
});
after(() => lab.close());

/** What each service's paths begin with beside those in the SDK's client. */
const versions: Readonly<Record<string, string>> = {
  ...{ core: "/20160918", identity: "/20160918", workrequests: "/20160918", limits: "", objectstorage: "" },
  ...{ dns: "/20180115", loadbalancer: "/20170115", monitoring: "/20180401", usageapi: "/20200107" },
};
/** The SDK's client reads JSON where the service sends text. */
const otherwise = new Set(["GetConsoleHistoryContent"]);

test("every operation has the method, the path and the models of the SDK's", () => {
  const wrong = lab.oci.gateway.operations.flatMap((operation) => {
    const { service, name, method, path, takes, answers } = operation;
    if (!isPublished(service)) return [];
    const published = sdkOperation(service, name);
    if (!published) return [`${service} has no ${name}`];
    const own = { method, path, takes, answers: otherwise.has(name) ? published.answers : answers };
    const theirs = { ...published, path: `${versions[service]}${published.path}` };
    return JSON.stringify(own) === JSON.stringify(theirs)
      ? []
      : [`${name}: ${JSON.stringify(own)} instead of ${JSON.stringify(theirs)}`];
  });
  assert.deepEqual(wrong, []);
});

test("no operation is there twice", () => {
  const names = lab.oci.gateway.operations.map(({ service, name }) => `${service}:${name}`);
  assert.deepEqual(names, [...new Set(names)]);
});
