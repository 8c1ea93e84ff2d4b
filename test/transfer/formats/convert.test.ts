import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { isProviderError } from "../../../src/domain/errors.ts";
import { convertImage, imageFormats, inspectImage } from "../../../src/transfer/formats/index.ts";
import { kib, mib, noise } from "../lib/content.ts";
import { ImageLab, qemuFormats, spreadPieces, spreadSize } from "../lib/images.ts";

const checkable = ["qcow2", "vmdk", "vhdx"];

describe("converting an image", () => {
  let lab: ImageLab;
  let disk: string;
  before(() => {
    lab = new ImageLab();
    disk = lab.disk("disk.raw", spreadSize, spreadPieces);
  });
  after(() => lab[Symbol.asyncDispose]());

  for (const from of imageFormats) {
    test(`qemu-img finds ${from} as we write each format of it identical and without faults`, async () => {
      const { driver, options } = qemuFormats[from];
      const source = from === "raw" ? disk : await lab.made(disk, driver, `source.${from}`, options);
      for (const to of imageFormats) {
        const target = lab.file(`${from}.${to}`);
        const { sizeBytes, sourceFormat } = await convertImage({ source, target, to });
        assert.equal(sizeBytes, spreadSize);
        assert.equal(sourceFormat, from);
        await lab.requireSame(disk, target, qemuFormats[to].driver);
        if (checkable.includes(to)) await lab.image("check", "-q", "-f", qemuFormats[to].driver, target);
        const { problems, facts } = await inspectImage(target);
        assert.deepEqual(problems, []);
        assert.equal(facts?.format, to);
      }
    });
  }

  const variants: readonly (readonly [name: string, driver: string, options: readonly string[]])[] = [
    ["qcow2 version 2", "qcow2", ["-o", "compat=0.10"]],
    ["qcow2 with zlib", "qcow2", ["-c"]],
    ["qcow2 with zstd", "qcow2", ["-c", "-o", "compression_type=zstd"]],
    ["qcow2 with clusters of 512 bytes", "qcow2", ["-o", "cluster_size=512"]],
    ["qcow2 with compressed clusters of 2 MiB", "qcow2", ["-c", "-o", "cluster_size=2M"]],
    ["qcow2 with subclusters", "qcow2", ["-o", "extended_l2=on"]],
    ["qcow2 with allocated metadata", "qcow2", ["-o", "preallocation=metadata"]],
    ["qcow2 with lazy reference counts of one bit", "qcow2", ["-o", "lazy_refcounts=on,refcount_bits=1"]],
    ["VMDK monolithicSparse", "vmdk", ["-o", "subformat=monolithicSparse"]],
    ["VMDK with grains of zeros", "vmdk", ["-o", "subformat=monolithicSparse,zeroed_grain=on"]],
    ["VHDX with blocks of 1 MiB", "vhdx", ["-o", "block_size=1M"]],
    ["VHDX fixed", "vhdx", ["-o", "subformat=fixed"]],
  ];
  for (const [name, driver, options] of variants) {
    test(`reads ${name}`, async () => {
      const source = await lab.made(disk, driver, "variant", options);
      const target = lab.file("variant.raw");
      await convertImage({ source, target, to: "raw", replace: true });
      await lab.requireSame(disk, target, "raw");
    });
  }

  test("reads a VHD whose size is its geometry's, as QEMU makes them unless told otherwise", async () => {
    const source = await lab.made(disk, "vpc", "geometry.vhd");
    const target = lab.file("geometry.raw");
    const { sizeBytes } = await convertImage({ source, target, to: "raw" });
    assert.ok(sizeBytes > spreadSize);
    await lab.image("compare", "-f", "vpc", "-F", "raw", source, target);
  });

  test("reads a qcow2 that was written to in pieces, with a snapshot of an earlier state", async () => {
    const source = await lab.qcow2("written.qcow2", 64 * mib);
    const write = async (offset: number, length: number) => {
      const piece = lab.disk("piece.raw", length, [[0, length]]);
      const options = `driver=raw,offset=${offset},size=${length},file.driver=qcow2,file.file.driver=file,file.file.filename=${source}`;
      await lab.image("convert", "-n", "-f", "raw", "--target-image-opts", piece, options);
    };
    await write(3 * mib + 512, 512);
    await lab.image("snapshot", "-c", "earlier", source);
    await write(3 * mib, 5 * kib);
    await write(64 * mib - 1024, 512);
    const target = lab.file("written.raw");
    await convertImage({ source, target, to: "raw" });
    await lab.image("compare", "-f", "qcow2", "-F", "raw", source, target);
    const { problems } = await inspectImage(source);
    assert.deepEqual(
      problems.map(({ severity }) => severity),
      ["note"],
    );
    assert.match(problems[0]?.reason ?? "", /1 snapshots of earlier states/);
  });

  test("leaves holes, unallocated ranges and stored zeros out", async () => {
    const full = lab.file("full.raw");
    writeFileSync(full, Buffer.concat([Buffer.alloc(20 * mib), noise(100 * kib, 1)]));
    for (const to of imageFormats) {
      const target = lab.file(`sparse.${to}`);
      const { dataBytes } = await convertImage({ source: full, target, to });
      assert.equal(dataBytes, 100 * kib);
      const stored = statSync(target).blocks * 512;
      assert.ok(stored <= 450 * kib, `${to} takes ${stored} bytes`);
    }
  });

  test("a sparse disk of 8 TiB with a little in it is done at once, where the format holds that much", async () => {
    const huge = lab.disk("huge.raw", 8 * 1024 ** 4, [[5 * 1024 ** 4, 64 * kib]]);
    for (const to of ["raw", "qcow2", "vhdx"] as const) {
      const target = lab.file(`huge-out.${to}`);
      const { dataBytes } = await convertImage({ source: huge, target, to });
      assert.equal(dataBytes, 64 * kib);
      assert.ok(statSync(target).blocks * 512 < 30 * mib);
    }
    for (const to of ["vhd-fixed", "vhd-dynamic", "vmdk"] as const) {
      await assert.rejects(convertImage({ source: huge, target: lab.file("no"), to }), (error: unknown) => {
        return isProviderError(error, "InvalidInput") && /the format holds \d+ at most.*qcow2/.test(error.message);
      });
    }
  });

  test("an empty disk and one of a single byte go through every format", async () => {
    for (const size of [0, 1]) {
      const tiny = lab.disk(`tiny-${size}.raw`, size, size === 0 ? [] : [[0, 1]]);
      for (const to of imageFormats) {
        const target = lab.file(`tiny-${size}-out.${to}`);
        await convertImage({ source: tiny, target, to });
        const back = lab.file(`tiny-${size}-back.${to}`);
        await convertImage({ source: target, from: to, target: back, to: "raw" });
        assert.deepEqual(readFileSync(back).subarray(0, size), readFileSync(tiny));
        assert.ok(readFileSync(back).length - size < 512);
      }
    }
  });

  test("refuses to replace a file unless told to, and then replaces it in one step", async () => {
    const target = lab.file("taken.qcow2");
    writeFileSync(target, "mine");
    await assert.rejects(convertImage({ source: disk, target, to: "qcow2" }), (error: unknown) => {
      return isProviderError(error, "Conflict") && /--force/.test(error.message);
    });
    assert.equal(readFileSync(target, "utf8"), "mine");
    await convertImage({ source: disk, target, to: "qcow2", replace: true, flush: true });
    await lab.requireSame(disk, target, "qcow2");
  });

  test("does not replace a file that came up meanwhile", async () => {
    const target = lab.file("late.raw");
    const onProgress = () => writeFileSync(target, "mine");
    await assert.rejects(convertImage({ source: disk, target, to: "raw", onProgress }), (error: unknown) =>
      isProviderError(error, "Conflict"),
    );
    assert.equal(readFileSync(target, "utf8"), "mine");
    assert.deepEqual(leftovers(lab), []);
  });

  test("an abort and a failure leave nothing behind", async () => {
    const abort = new AbortController();
    const reason = new Error("an operator changed their mind");
    const target = lab.file("aborted.vmdk");
    const running = convertImage({
      source: disk,
      target,
      to: "vmdk",
      onProgress: () => abort.abort(reason),
      signal: abort.signal,
    });
    await assert.rejects(running, (error: unknown) => error === reason);
    const inFolder = { source: disk, target: lab.file("missing/x.raw"), to: "raw" } as const;
    await assert.rejects(convertImage(inFolder), (error: unknown) => isProviderError(error, "NotFound"));
    assert.equal(statSync(target, { throwIfNoEntry: false }), undefined);
    assert.deepEqual(leftovers(lab), []);
  });

  test("says how far it is, up to the whole disk", async () => {
    const seen: number[] = [];
    const target = lab.file("progress.qcow2");
    await convertImage({ source: disk, target, to: "qcow2", onProgress: ({ bytesDone }) => seen.push(bytesDone) });
    assert.ok(seen.length > 5);
    assert.equal(seen.at(-1), spreadSize);
  });
});

function leftovers(lab: ImageLab): string[] {
  return readdirSync(lab.folder).filter((name) => name.endsWith(".partial"));
}
