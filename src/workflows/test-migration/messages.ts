import { defineUpdate } from "@temporalio/workflow";
import type { TestMigrationResult } from "./types.ts";

/** An update: whoever ends a test that is held up waits until nothing of it is left, or learns why something is. */
export const endTestUpdate = defineUpdate<TestMigrationResult>("endTest");
