import type { MigrationRequest } from "../../domain/migration.ts";

export interface PlanMigrationInput {
  readonly planId: string;
  readonly request: MigrationRequest;
}
