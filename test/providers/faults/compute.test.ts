import { runRows } from "./support/run-rows.ts";

runRows("aws", "vms");
