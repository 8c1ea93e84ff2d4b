import { runConformance } from "./conformance.ts";
import { harness } from "./support/aws-moto.ts";

runConformance(harness);
