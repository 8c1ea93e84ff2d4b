import { runConformance } from "./conformance.ts";
import { harness } from "./support/aws.ts";

runConformance(harness);
