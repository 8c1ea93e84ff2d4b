import { runConformance } from "./conformance.ts";
import { harness } from "./support/digitalocean.ts";

runConformance(harness);
