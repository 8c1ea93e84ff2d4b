import { runConformance } from "./conformance.ts";
import { harness } from "./support/libvirt.ts";

runConformance(harness);
