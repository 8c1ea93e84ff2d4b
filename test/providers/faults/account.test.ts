import { runRows } from "./support/run-rows.ts";

runRows("images, objects and the account");
