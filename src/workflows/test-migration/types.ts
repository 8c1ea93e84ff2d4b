import type { TestState } from "../../domain/migration-test.ts";

export interface TestMigrationInput {
  readonly testId: string;
  readonly planId: string;
  /** The hash that was approved; a plan with another one is refused. */
  readonly planHash: string;
}

export interface TestMigrationResult {
  readonly testId: string;
  readonly state: TestState;
}
