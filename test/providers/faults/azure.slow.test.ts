import { runEverywhere } from "./support/run-everywhere.ts";

runEverywhere("azure");
