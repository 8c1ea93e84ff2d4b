import assert from "node:assert/strict";
import { GroupLab } from "../../bench/lib/group-lab.ts";
import { idleInstances } from "../../bench/lib/idle-instances.ts";
import type { GroupPoint } from "../../src/domain/group-point.ts";
import { socketDirPath } from "../../src/host/paths.ts";
import { writeImage } from "../providers/support/write-image.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";
import { quickAws } from "./support/quick-aws.ts";

const MiB = 2 ** 20;
const from = "aws-us-east-1";
const to = "onprem-b";
let lab: Lab;

before(async () => {
  lab = await startLab();
  await lab.startWorker();
  await quickAws(lab);
});
after(() => lab?.close());

function generations({ vms }: GroupPoint): (string | undefined)[] {
  return vms.map(({ disks }) => disks[0]?.generationId);
}

test("a round of VMs at AWS moves what changed, and shares the bytes of disks in which nothing did", async () => {
  const [busy = "", ...idle] = await idleInstances(lab, 3, () => undefined);
  const before = await Promise.all([lab.census(from), lab.census(to)]);
  const group = await GroupLab.protect(lab, [busy, ...idle], { from, to });
  const first = await group.points(1);
  const [path = ""] = await lab.diskFiles(from, busy);
  await writeImage(lab.tools, socketDirPath(lab.dir), { path, offset: 64 * MiB, bytes: Buffer.alloc(MiB, 7) });
  await group.askForPoint();
  const second = await group.points(2);
  assert.equal(second.bytesCopied, MiB);
  assert.deepEqual(generations(second).slice(1), generations(first).slice(1), "nothing was written to those");
  assert.notEqual(generations(second)[0], generations(first)[0]);
  await group.askForPoint();
  const third = await group.points(3);
  assert.deepEqual(generations(third), generations(second));
  assert.equal(third.bytesCopied, 0);
  const { disks } = await lab.deps.registry.provider(to);
  const source = await disks.openPoint(generations(third)[0] ?? "", AbortSignal.timeout(60_000));
  const bytes = new Uint8Array(MiB);
  await source.read(64 * MiB, bytes);
  await source.close();
  assert.ok(
    bytes.every((byte) => byte === 7),
    "the change is not in the point",
  );
  await group.end();
  assert.deepEqual(await Promise.all([lab.census(from), lab.census(to)]), before, "a point left something");
});
