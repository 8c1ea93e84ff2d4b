import { runConformance } from "./conformance.ts";
import { harness } from "./support/folder.ts";

runConformance(harness);
