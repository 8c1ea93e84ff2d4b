export type { PolicyToTry, TriedAt } from "../../activities/policies.ts";
