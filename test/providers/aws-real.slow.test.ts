import { runConformance } from "./conformance.ts";
import { harness } from "./support/aws-real.ts";

runConformance(harness);
