export { checkSite } from "./check-site/workflow.ts";
export { keepHouse } from "./keep-house/workflow.ts";
export { migrateVm } from "./migrate-vm/workflow.ts";
export { planMigration } from "./plan-migration/workflow.ts";
export { refreshResources, syncInventory } from "./sync-inventory/workflow.ts";
export { takeCensus } from "./take-census/workflow.ts";
export { verifyCertificate } from "./verify-certificate/workflow.ts";
