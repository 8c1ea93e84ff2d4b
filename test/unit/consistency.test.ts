import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Consistency } from "../../src/domain/consistency.ts";
import { planConsistency } from "../../src/domain/consistency-plan.ts";
import type { MigrationObservations } from "../../src/domain/migration-parts.ts";
import { vmAt } from "./support/observations.ts";

function planned(
  request: Partial<MigrationObservations["request"]>,
  source: { consistency?: Consistency; capabilityGaps?: Record<string, string> },
  state: "running" | "stopped" = "running",
) {
  const seen = {
    request: { vm: "vm-1", from: "a", to: "b", ...request },
    vm: vmAt("a", { state }),
    source: { capabilityGaps: {}, fixedShapes: false, ...source },
  };
  return planConsistency(seen as MigrationObservations);
}

describe("what a plan says of points of a running source", () => {
  test("is what the site expects of its guest, or why the site can't", () => {
    const why = "its guest agent freezes the file systems for the moment of the point";
    const good = planned({ mode: "warm" }, { consistency: { level: "application", why } });
    assert.deepEqual(good.choices[0]?.chosen, "application-consistent");
    assert.equal(good.checks[0]?.result, "pass");
    const gap = planned({ point: "freeze" }, { capabilityGaps: { "disks.application-consistent": "EBS can't" } });
    assert.equal(gap.choices[0]?.why, "EBS can't");
    assert.equal(gap.checks[0]?.result, "warn");
  });

  test("is nothing where the source is off while it is read", () => {
    for (const none of [planned({}, {}), planned({ mode: "warm" }, {}, "stopped")]) {
      assert.deepEqual(none, { choices: [], checks: [] });
    }
  });
});
