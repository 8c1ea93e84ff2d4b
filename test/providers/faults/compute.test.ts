import { runRows } from "./support/run-rows.ts";

runRows("vms", { vm: true });
