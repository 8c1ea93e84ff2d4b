import { runRows } from "./support/run-rows.ts";

runRows("aws", "images, objects and the account");
