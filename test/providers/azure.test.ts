import { runConformance } from "./conformance.ts";
import { harness } from "./support/azure.ts";

runConformance(harness);
