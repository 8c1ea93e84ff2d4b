import { defineSearchAttributeKey } from "@temporalio/common";
import { searchAttributes } from "../domain/search-attributes.ts";

/** The typed keys that runs are started with; the server knows them from its start. */
export const searchAttributeKeys = {
  vm: defineSearchAttributeKey("NovacronVm", searchAttributes.NovacronVm),
  source: defineSearchAttributeKey("NovacronSource", searchAttributes.NovacronSource),
  target: defineSearchAttributeKey("NovacronTarget", searchAttributes.NovacronTarget),
  phase: defineSearchAttributeKey("NovacronPhase", searchAttributes.NovacronPhase),
  progress: defineSearchAttributeKey("NovacronProgress", searchAttributes.NovacronProgress),
} as const;
