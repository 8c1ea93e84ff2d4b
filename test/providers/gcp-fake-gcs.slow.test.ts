import { runConformance } from "./conformance.ts";
import { harness } from "./support/gcp-fake-gcs.ts";

runConformance(harness);
