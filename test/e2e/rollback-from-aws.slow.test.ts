import assert from "node:assert/strict";
import type { Lab } from "../support/lab.ts";
import { awsCensus } from "./support/aws-census.ts";
import { quickAws } from "./support/quick-aws.ts";
import { rollbackSuite, startedAt, twoDisks } from "./support/rollback-suite.ts";

/** A running instance with two disks: moved there, and nothing left of where it came from. */
async function movedThere(lab: Lab): Promise<string> {
  // Nothing is in its guest that could hear of a shutdown.
  await quickAws(lab, { stopGraceMs: 0 });
  const id = await lab.migrate({ vm: await twoDisks(lab), from: "onprem-a", to: "aws-us-east-1" });
  await lab.until(id, "awaiting-finalize");
  await lab.finalize(id);
  const { vm } = await lab.until(id, "finalized");
  assert.ok(vm.targetVmId);
  return startedAt(lab, "aws-us-east-1", vm.targetVmId);
}

rollbackSuite({ from: "aws-us-east-1", to: "onprem-a", makeVm: movedThere, outside: awsCensus });
