import { runConformance } from "./conformance.ts";
import { harness } from "./support/oci.ts";

runConformance(harness);
