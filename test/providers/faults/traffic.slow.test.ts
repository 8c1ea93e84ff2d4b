import { clouds } from "./support/clouds.ts";
import { runRows } from "./support/run-rows.ts";

for (const cloud of Object.keys(clouds) as (keyof typeof clouds)[]) runRows(cloud, "traffic");
