import { runRows } from "./support/run-rows.ts";

runRows("networks", { vm: true });
