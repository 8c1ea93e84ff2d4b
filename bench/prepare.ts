import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drivesDisk } from "../src/domain/guest-checks.ts";
import { planPreparation } from "../src/domain/guest-preparation.ts";
import { loadHostTools } from "../src/host/host-tools.ts";
import { makeToolDir, toolsManifestPath } from "../src/host/paths.ts";
import { demoGuest, guestImage } from "../src/sandbox/guest/image.ts";
import { inspectGuest } from "../src/transfer/inspect/index.ts";
import { leafBytes } from "../src/transfer/ports.ts";
import { preparedSince, prepareGuest } from "../src/transfer/prepare/index.ts";
import { median } from "./lib/measure.ts";
import { RawSource } from "./lib/raw-ends.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";

/** It should take no longer than this share of virt-v2v's time. */
const mostOfPeer = 0.7;

export const prepareBench: Bench = {
  name: "prepare",
  summary: "Look into a guest and put virtio drivers into its initramfs, beside `virt-v2v -o null` of the same disk",
  run,
};

async function run({ note, runs = 5 }: BenchContext): Promise<Figure[]> {
  const dir = makeToolDir(mkdtempSync(join(tmpdir(), "nvc-prepare-")), 0o755);
  try {
    const tools = loadHostTools(toolsManifestPath());
    const recipe = {
      ...demoGuest,
      drivers: ["nvme", "evdev", "button"],
      modules: ["virtio_pci", "virtio_blk"],
    } as const;
    const image = await guestImage(tools, dir, recipe);
    chmodSync(image, 0o644);
    const times: number[] = [];
    let changed = 0;
    for (let index = 0; index < runs; index++) {
      const begun = performance.now();
      changed = await prepareOnce(image);
      times.push((performance.now() - begun) / 1000);
    }
    note(`ours: ${times.map((time) => time.toFixed(2)).join(", ")} s`);
    const peer = virtV2v(image);
    note(typeof peer === "number" ? `virt-v2v: ${peer.toFixed(1)} s` : peer);
    const name = "look, plan, prepare and look again";
    const value = median(times);
    const own =
      typeof peer === "number"
        ? { name, value, peer: "virt-v2v -o null", peer_value: peer, goal: mostOfPeer }
        : { name: `${name} (${peer})`, value };
    return [
      figure({ ...own, unit: "s", better: "lower" }),
      figure({ name: "to be written, in whole leaves", value: changed / 2 ** 20, unit: "MiB", better: "lower" }),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** All that a migration does for it but writing at the target; returns the bytes that would be written. */
async function prepareOnce(image: string): Promise<number> {
  const source = await RawSource.open(image, []);
  try {
    const guest = await inspectGuest(source);
    const hardware = { firmware: "bios" } as const;
    const { changes } = planPreparation(guest, {
      source: { ...hardware, diskBus: "nvme" },
      target: { ...hardware, diskBus: "virtio-blk" },
      readsConsole: true,
      isFirstDisk: true,
      nics: 0,
    });
    const prepared = await prepareGuest(source, changes, { resource: image, at: new Date(0) });
    const leaves = new Set<number>();
    for await (const { offset, length } of prepared.source.extents({ sinceBaseline: preparedSince })) {
      const last = Math.floor((offset + length - 1) / leafBytes);
      for (let leaf = Math.floor(offset / leafBytes); leaf <= last; leaf++) leaves.add(leaf);
    }
    for (const leaf of leaves) {
      const at = leaf * leafBytes;
      await prepared.source.read(at, Buffer.alloc(Math.min(leafBytes, source.sizeBytes - at)));
    }
    const after = await inspectGuest(prepared.source);
    if (!drivesDisk(after, "virtio-blk")) throw new Error("The prepared guest has no driver for its disk.");
    return leaves.size * leafBytes;
  } finally {
    await source.close();
  }
}

/** Seconds, or why there are none: a peer that can't be had here is not made up. */
function virtV2v(image: string): number | string {
  const found = spawnSync("sh", ["-c", "command -v virt-v2v"], { encoding: "utf8" }).stdout.trim();
  if (found === "") return "virt-v2v is not on PATH, so nothing was measured beside it";
  const env = { ...process.env, LIBGUESTFS_BACKEND: "direct" };
  const begun = performance.now();
  const { status, stderr } = spawnSync(found, ["-i", "disk", image, "-o", "null"], { encoding: "utf8", env });
  if (status === 0) return (performance.now() - begun) / 1000;
  const why = stderr.trim().split("\n").at(-1) ?? "";
  return `virt-v2v does not convert this guest, so nothing was measured beside it: ${why}`;
}
