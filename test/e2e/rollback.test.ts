import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../support/lab.ts";
import { rollbackSuite, twoDisks } from "./support/rollback-suite.ts";

/** Changes one byte of the disk's first cluster behind everybody's back, as failing storage would. */
function spoil(lab: Lab, generationId: string): void {
  const storage = join(lab.dir, "sites/onprem-b/storage/layers");
  const image = readdirSync(storage).find((name) => name.startsWith(generationId) && name.endsWith(".qcow2"));
  assert.ok(image, `an image of ${generationId}`);
  const path = join(storage, image);
  const bytes = readFileSync(path);
  // qcow2: the first L1 entry names the L2 table, whose first entry names the cluster.
  const entry = (at: number): number => Number(bytes.readBigUInt64BE(at) & 0x00fffffffffffe00n);
  const cluster = entry(entry(Number(bytes.readBigUInt64BE(40))));
  bytes.writeUInt8(bytes.readUInt8(cluster) ^ 1, cluster);
  chmodSync(path, 0o640);
  writeFileSync(path, bytes);
  chmodSync(path, 0o440);
}

rollbackSuite({ from: "onprem-a", to: "onprem-b", makeVm: twoDisks, spoil });
