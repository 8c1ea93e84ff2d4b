import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Moto } from "../support/moto.ts";
import { runListed } from "./support/aws-listed.ts";

const missing = await Moto.bringIn();

runListed(
  "moto",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "nvc-moto-"));
    const moto = await Moto.start(join(dir, "moto.log"));
    return {
      address: { region: "us-east-1", endpoint: moto.endpoint },
      async close() {
        await moto.stop();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
  missing,
);
