import { runConformance } from "./conformance.ts";
import { harness } from "./support/gcp.ts";

runConformance(harness);
