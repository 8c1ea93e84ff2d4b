import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Moto } from "../../support/moto.ts";
import type { ConformanceHarness } from "../harness.ts";
import { motoDifferences } from "../moto-differences.ts";
import { type AwsAddress, connectAws } from "./aws.ts";
import { makeAwsTraffic } from "./aws-traffic.ts";

/** moto as the site; fetched when this is loaded. */
const missing = await Moto.bringIn();

export const harness: ConformanceHarness = {
  kind: "aws",
  module: import.meta.url,
  differences: motoDifferences,
  unavailable: () => missing,
  async open() {
    const dir = mkdtempSync(join(tmpdir(), "nvc-moto-"));
    const moto = await Moto.start(join(dir, "moto.log"));
    const descriptor: AwsAddress = { endpoint: moto.endpoint, region: "us-east-1" };
    const provider = connectAws(descriptor);
    return {
      provider,
      descriptor,
      bus: "nvme",
      tracking: "changed-blocks",
      wholeLeaves: true,
      writeAsGuest: () => Promise.reject(new Error("moto's instances run nothing")),
      traffic: () => makeAwsTraffic(descriptor),
      async close() {
        await provider.close();
        await moto.stop();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
  connect: (descriptor) => connectAws(descriptor as AwsAddress),
};
