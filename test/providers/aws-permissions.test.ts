import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { neededActions } from "../../src/providers/aws/permissions.ts";

const folder = new URL("../../src/providers/aws/", import.meta.url);

test("the README's policy allows what the adapter asks for, and nothing else", () => {
  const [, json = ""] = /```json\n([\s\S]*?)```/.exec(readFileSync(new URL("README.md", folder), "utf8")) ?? [];
  const policy = JSON.parse(json) as { Statement: { Action: string[] }[] };
  assert.deepEqual(
    policy.Statement.flatMap(({ Action }) => Action),
    neededActions,
  );
});

test("every EC2 call of the adapter is among the actions it asks for", async () => {
  const { globSync } = await import("node:fs");
  const source = globSync("*.ts", { cwd: folder })
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .join("\n");
  const called = [...source.matchAll(/new sdk\.(\w+)Command\(/g)].map(([, name]) => name as string);
  const known = new Set(neededActions.map((action) => action.split(":")[1]));
  // S3's actions and calls have different names, SQS' for batches, too; IAM and STS are asked for the check, and for a key's rotation alone.
  const elsewhere =
    /^(.*(Bucket|Object|Upload|Part|PublicAccess).*|GetCallerIdentity|SimulatePrincipalPolicy|ListParts|(Create|Delete)AccessKey|ListAccessKeys|DeleteMessageBatch)/;
  assert.deepEqual(
    called.filter((name) => !known.has(name) && !elsewhere.test(name)),
    [],
  );
});
