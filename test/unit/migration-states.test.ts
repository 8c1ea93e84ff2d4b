import assert from "node:assert/strict";
import { test } from "node:test";
import { isMigrationEnded, migrationStates } from "../../src/domain/migration.ts";

test("a migration that waits, goes on or is on its way back still needs its VMs; one that came to an end does not", () => {
  assert.deepEqual(
    migrationStates.filter((state) => !isMigrationEnded(state)),
    ["running", "queued", "paused", "awaiting-cutover", "awaiting-finalize", "undoing", "rolling-back"],
  );
});
