export type { TakeOverInput as TakeLeaseInput, TakeOverResult as TakeLeaseResult } from "../lib/take-over-lease.ts";
