export type MigrationOrder = "pause" | "resume" | "cancel" | "cutover" | "undo" | "rollback" | "finalize";

interface Standing {
  readonly state: string;
  readonly undo?: { readonly state: string; readonly until: string } | undefined;
  readonly live?: object | undefined;
}

/** What a person may order now, by the state; the API refuses the rest anyway. */
export function ordersOf(migration: Standing, now: number): readonly MigrationOrder[] {
  switch (migration.state) {
    case "running":
    case "queued":
      return ["pause", "cancel"];
    case "paused":
      return ["resume", "cancel"];
    case "awaiting-cutover":
      return ["cutover", "pause", "cancel"];
    case "awaiting-finalize": {
      const undo = migration.undo;
      const undoable = undo?.state === "open" && Date.parse(undo.until) > now;
      return [...(undoable ? (["undo"] as const) : []), "rollback", "finalize"];
    }
    default:
      return [];
  }
}
