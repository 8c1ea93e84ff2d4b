import { runConformance } from "./conformance.ts";
import { harness } from "./support/azure-azurite.ts";

runConformance(harness);
