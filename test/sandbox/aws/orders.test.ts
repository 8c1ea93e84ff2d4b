import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { obeyOrders } from "../../../src/sandbox/cloud/orders.ts";
import { type AwsLab, startAwsLab } from "./support.ts";

const dir = mkdtempSync(join(tmpdir(), "nvc-o-"));
const file = join(dir, "sandbox.json");
let lab: AwsLab;

before(async () => {
  lab = await startAwsLab();
});
after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await lab?.close();
});

function obey(orders: object): void {
  writeFileSync(file, JSON.stringify(orders));
  obeyOrders([lab.aws.admin], file);
}

test("a file's settings, conditions and faults stand from the start on", async () => {
  obeyOrders([lab.aws.admin], join(dir, "none.json"));
  obey({
    aws: {
      settings: { consistencyMs: 70 },
      conditions: { latencyMs: 30 },
      faults: [{ fault: "unauthorised", operation: "DescribeVpcs", times: 1 }],
    },
  });
  assert.equal(lab.aws.cloud.settings.consistencyMs, 70);
  assert.equal(lab.aws.front.conditions.latencyMs, 30);
  const ask = () => lab.ec2().send(new DescribeVpcsCommand({}));
  await assert.rejects(ask(), { name: "UnauthorizedOperation" });
  assert.equal((await ask()).Vpcs?.length, 1);
});

test("what a file says and nobody understands is refused with its place, and changes nothing", () => {
  const before = lab.aws.cloud.settings;
  const refused = (reason: RegExp) => ({ code: "InvalidInput", message: reason });
  assert.throws(() => obey({ gcp: {} }), refused(/sandbox\.json\): .*"gcp"/));
  assert.throws(() => obey({ aws: { settings: { speed: 9 } } }), refused(/"speed"/));
  assert.throws(
    () => obey({ aws: { settings: { consistencyMs: 1 }, faults: [{ fault: "fire" }] } }),
    refused(/aws\.faults\[0\]\.fault/),
  );
  writeFileSync(file, "{");
  assert.throws(() => obeyOrders([lab.aws.admin], file), refused(/JSON/));
  assert.deepEqual(lab.aws.cloud.settings, before);
});
