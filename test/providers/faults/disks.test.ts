import { runRows } from "./support/run-rows.ts";

runRows("disks", { vm: true });
