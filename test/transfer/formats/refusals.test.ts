// Long because it is one list: what each format is refused for, made by damaging real images.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { ErrorCode } from "../../../src/domain/errors.ts";
import { isProviderError } from "../../../src/domain/errors.ts";
import { convertImage, inspectImage } from "../../../src/transfer/formats/index.ts";
import { vhdChecksum } from "../../../src/transfer/formats/vhd/footer.ts";
import { crc32c } from "../../../src/transfer/formats/vhdx/crc32c.ts";
import { kib, mib, writeAt } from "../lib/content.ts";
import { ImageLab } from "../lib/images.ts";

const gib = 1024 ** 3;

describe("an image that is not read", () => {
  let lab: ImageLab;
  let disk: string;
  before(() => {
    lab = new ImageLab();
    disk = lab.disk("disk.raw", 5 * mib, [
      [64 * kib, 200 * kib],
      [3 * mib, mib],
    ]);
  });
  after(() => lab[Symbol.asyncDispose]());

  /** It is refused with the code and the words, `inspect` says the same, and nothing is left. */
  async function refused(source: string, code: ErrorCode, words: RegExp): Promise<void> {
    const target = lab.file("never");
    await assert.rejects(convertImage({ source, target, to: "raw" }), (error: unknown) => {
      assert.ok(isProviderError(error, code), String(error));
      assert.match(error.message, words);
      assert.ok(error.details.action.length > 10);
      return true;
    });
    const { problems } = await inspectImage(source);
    const severity = code === "IntegrityFailure" ? "damaged" : "refused";
    const found = problems.find((problem) => problem.severity === severity && words.test(problem.reason));
    assert.ok(found, JSON.stringify(problems));
    assert.ok(found.action.length > 10);
  }

  /** A copy with some bytes changed, and checksums made right again where `mend` does. */
  function patched(source: string, change: (bytes: Buffer) => void): string {
    const bytes = readFileSync(source);
    change(bytes);
    const file = lab.file("patched");
    writeFileSync(file, bytes);
    return file;
  }

  const mendVhd = (bytes: Buffer): void => {
    for (const footer of [bytes.subarray(0, 512), bytes.subarray(bytes.byteLength - 512)]) {
      footer.writeUInt32BE(vhdChecksum(footer, 64), 64);
    }
    const header = bytes.subarray(512, 1536);
    header.writeUInt32BE(vhdChecksum(header, 36), 36);
  };

  test("qcow2 with a backing file, by its name", async () => {
    const base = await lab.made(disk, "qcow2", "base.qcow2");
    await refused(
      await lab.qcow2("overlay.qcow2", 5 * mib, { file: base, format: "qcow2" }),
      "InvalidInput",
      /backing file/,
    );
    const { facts } = await inspectImage(lab.file("overlay.qcow2"));
    assert.equal(facts?.backingFile, base);
    assert.equal(facts?.sizeBytes, 5 * mib);
  });

  test("a backing file's name that would write over a terminal is shown without its control characters", async () => {
    const source = patched(lab.file("overlay.qcow2"), (bytes) => {
      const at = Number(bytes.readBigUInt64BE(8));
      bytes.write("\u001b[2J", at, "latin1");
    });
    const { facts } = await inspectImage(source);
    assert.match(facts?.backingFile ?? "", /^\.\[2J/);
  });

  test("qcow2 with its data elsewhere", async () => {
    const file = lab.file("external.qcow2");
    await lab.image("create", "-q", "-f", "qcow2", "-o", `data_file=${lab.file("data.raw")}`, file, "5M");
    await refused(file, "InvalidInput", /data in another file/);
  });

  test("qcow2 that is encrypted", async () => {
    const file = lab.file("secret.qcow2");
    const secret = ["--object", "secret,id=s0,data=abc"];
    await lab.image(
      "create",
      "-q",
      ...secret,
      "-f",
      "qcow2",
      "-o",
      "encrypt.format=aes,encrypt.key-secret=s0",
      file,
      "5M",
    );
    await refused(file, "InvalidInput", /encrypted/);
    await refused(
      patched(file, (bytes) => void bytes.writeUInt32BE(2, 32)),
      "InvalidInput",
      /encrypted/,
    );
  });

  test("qcow2 that is marked corrupt, or needs what isn't known", async () => {
    const base = lab.file("base.qcow2");
    await refused(
      patched(base, (bytes) => void bytes.writeUInt32BE(2, 76)),
      "InvalidInput",
      /marked as corrupt/,
    );
    await refused(
      patched(base, (bytes) => void bytes.writeUInt32BE(1 << 9, 76)),
      "InvalidInput",
      /came after this reader/,
    );
  });

  test("qcow2 whose clusters or tables are used twice", async () => {
    const base = lab.file("base.qcow2");
    const l2At = (bytes: Buffer) => Number(bytes.readBigUInt64BE(Number(bytes.readBigUInt64BE(40))) & 0xffffffffffffn);
    const twice = patched(base, (bytes) => {
      const l2 = l2At(bytes);
      bytes.writeBigUInt64BE(bytes.readBigUInt64BE(l2 + 8), l2 + 70 * 8);
    });
    await refused(twice, "IntegrityFailure", /used twice/);
    const overTable = patched(base, (bytes) => {
      const l2 = l2At(bytes);
      bytes.writeBigUInt64BE(BigInt(l2) | (1n << 63n), l2 + 70 * 8);
    });
    await refused(overTable, "IntegrityFailure", /used twice/);
    const outside = patched(base, (bytes) => {
      bytes.writeBigUInt64BE((1n << 63n) | (1n << 40n), l2At(bytes) + 70 * 8);
    });
    await refused(outside, "IntegrityFailure", /outside the file/);
  });

  test("qcow2 that claims more disk or more tables than there can be", async () => {
    const base = lab.file("base.qcow2");
    const huge = patched(base, (bytes) => void bytes.writeBigUInt64BE(1n << 62n, 24));
    await refused(huge, "InvalidInput", /more than any real one/);
    const tables = patched(base, (bytes) => void bytes.writeUInt32BE(0x7fffffff, 36));
    await refused(tables, "IntegrityFailure", /L1 table of \d+ entries/);
    const counts = patched(base, (bytes) => void bytes.writeUInt32BE(0x7fffffff, 56));
    await refused(counts, "IntegrityFailure", /refcount table without bounds/);
  });

  test("a small file that unpacks to more than there is room for", async (context) => {
    const bomb = bombFile(lab.file("bomb.qcow2"));
    const free = statfsSync(lab.folder);
    if (free.bavail * free.bsize > bomb.unpacksTo) return context.skip("this machine has room for 4 TiB");
    const running = convertImage({ source: bomb.file, target: lab.file("never"), to: "raw" });
    await assert.rejects(running, (error: unknown) => isProviderError(error, "InsufficientCapacity"));
  });

  test("VMDK in several files, or of changes only", async () => {
    const flat = lab.file("flat.vmdk");
    await lab.image("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", disk, flat);
    await refused(flat, "InvalidInput", /monolithicFlat/);
    const split = lab.file("split.vmdk");
    await lab.image("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", disk, split);
    await refused(split, "InvalidInput", /twoGbMaxExtentSparse/);
    await refused(lab.file("split-s001.vmdk"), "InvalidInput", /not all in this one file/);
    const parent = await lab.made(disk, "vmdk", "parent.vmdk");
    const child = lab.file("child.vmdk");
    await lab.image("create", "-q", "-f", "vmdk", "-b", parent, "-F", "vmdk", child);
    await refused(child, "InvalidInput", /parent disk \(.*parent\.vmdk\)/);
    writeFileSync(lab.file("esx.vmdk"), Buffer.concat([Buffer.from("COWD"), Buffer.alloc(4096)]));
    await refused(lab.file("esx.vmdk"), "InvalidInput", /ESX/);
  });

  test("VMDK that was cut off, copied as text, or whose grain is another one's", async () => {
    const stream = await lab.made(disk, "vmdk", "stream.vmdk", ["-o", "subformat=streamOptimized"]);
    await convertImage({ source: stream, target: lab.file("ours.vmdk"), to: "vmdk" });
    const ours = lab.file("ours.vmdk");
    const short = patched(ours, () => {});
    truncateSync(short, readFileSync(short).byteLength - 512);
    await refused(short, "IntegrityFailure", /footer is missing/);
    await refused(
      patched(ours, (bytes) => void bytes.write("\n\n\n", 73, "latin1")),
      "IntegrityFailure",
      /copied as text/,
    );
    const swapped = patched(ours, (bytes) => void bytes.writeBigUInt64LE(77n, 64 * kib));
    const target = lab.file("never");
    await assert.rejects(convertImage({ source: swapped, target, to: "raw" }), /marker names another place/);
  });

  test("VHD with a wrong checksum, without its footer, or of changes only", async () => {
    const vhd = await lab.made(disk, "vpc", "disk.vhd", ["-o", "force_size=on"]);
    const footer = patched(vhd, (bytes) => void bytes.writeUInt8(9, bytes.byteLength - 400));
    await refused(footer, "IntegrityFailure", /footer's checksum/);
    await refused(
      patched(vhd, (bytes) => void bytes.writeUInt8(9, 600)),
      "IntegrityFailure",
      /header.*checksum/,
    );
    const cut = patched(vhd, () => {});
    truncateSync(cut, readFileSync(vhd).byteLength - 2 * mib);
    await refused(cut, "IntegrityFailure", /footer is missing/);
    const differencing = patched(vhd, (bytes) => {
      for (const at of [0, bytes.byteLength - 512]) bytes.writeUInt32BE(4, at + 60);
      bytes.set(Buffer.from("base.vhd", "utf16le").swap16(), 512 + 64);
      mendVhd(bytes);
    });
    await refused(differencing, "InvalidInput", /parent disk \(base\.vhd\)/);
  });

  test("VHD whose blocks overlap or lie outside", async () => {
    const vhd = lab.file("disk.vhd");
    const table = (bytes: Buffer) => Number(bytes.readBigUInt64BE(512 + 16));
    const overlapping = patched(vhd, (bytes) => {
      bytes.writeUInt32BE(bytes.readUInt32BE(table(bytes)) + 8, table(bytes) + 4);
    });
    await refused(overlapping, "IntegrityFailure", /lies on another table|used twice/);
    const outside = patched(vhd, (bytes) => void bytes.writeUInt32BE(0x7fffffff, table(bytes) + 4));
    await refused(outside, "IntegrityFailure", /outside the file/);
    const entries = patched(vhd, (bytes) => {
      for (const at of [0, bytes.byteLength - 512]) bytes.writeBigUInt64BE(2000n * BigInt(gib), at + 48);
      mendVhd(bytes);
    });
    await refused(entries, "IntegrityFailure", /room for \d+ blocks/);
  });

  test("VHDX with changes in its log, and with a log that is damaged", async () => {
    const vhdx = await lab.made(disk, "vhdx", "disk.vhdx");
    const dirty = (bytes: Buffer): void => {
      // What QEMU left of its log: an entry that was carried out. Named by the header it is one that wasn't.
      const log = Number(bytes.readBigUInt64LE(64 * kib + 72));
      for (const at of [64 * kib, 128 * kib]) {
        bytes.copy(bytes, at + 48, log + 32, log + 48);
        const header = bytes.subarray(at, at + 4096);
        header.writeUInt32LE(crc32c(header, 4), 4);
      }
    };
    await refused(patched(vhdx, dirty), "InvalidInput", /not closed cleanly/);
    const lost = patched(vhdx, (bytes) => {
      dirty(bytes);
      bytes.writeUInt8(bytes.readUInt8(mib + 100) ^ 1, mib + 100);
    });
    await refused(lost, "IntegrityFailure", /no entry of that log is whole/);
  });

  test("VHDX with wrong checksums in both copies; in one copy it is read", async () => {
    const vhdx = lab.file("disk.vhdx");
    const spoil = (...places: number[]) =>
      patched(vhdx, (bytes) => {
        for (const at of places) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      });
    await refused(spoil(64 * kib + 20, 128 * kib + 20), "IntegrityFailure", /both its VHDX headers/);
    await refused(spoil(192 * kib + 20, 256 * kib + 20), "IntegrityFailure", /both its VHDX region tables/);
    for (const place of [64 * kib + 20, 128 * kib + 20, 192 * kib + 20, 256 * kib + 20]) {
      const target = lab.file("rescued.raw");
      await convertImage({ source: spoil(place), target, to: "raw", replace: true });
      await lab.requireSame(disk, target, "raw");
      const { problems } = await inspectImage(lab.file("patched"));
      assert.match(problems[0]?.reason ?? "", /One of its two (headers|region tables) is damaged/);
    }
  });

  test("VHDX of changes only, by its parent's name", async () => {
    const differencing = patched(lab.file("disk.vhdx"), (bytes) => {
      const entry = metadataEntry(bytes, "3767a1ca36fa434db3b633f0aa44e76b");
      bytes.writeUInt32LE(2, entry + 4);
    });
    await refused(differencing, "InvalidInput", /parent disk/);
  });

  test("what is no file, or not there", async () => {
    const convert = (source: string) => convertImage({ source, target: lab.file("never"), to: "raw" });
    await assert.rejects(convert(lab.file("nothing")), (error: unknown) => isProviderError(error, "NotFound"));
    await assert.rejects(convert(lab.folder), (error: unknown) => isProviderError(error, "InvalidInput"));
    execFileSync("mkfifo", [lab.file("pipe")]);
    await assert.rejects(convert(lab.file("pipe")), (error: unknown) => isProviderError(error, "InvalidInput"));
  });

  test("what is named as another format than it is", async () => {
    const source = lab.file("base.qcow2");
    for (const from of ["vmdk", "vhd-fixed", "vhd-dynamic", "vhdx"] as const) {
      await assert.rejects(convertImage({ source, from, target: lab.file("never"), to: "raw" }), (error: unknown) =>
        isProviderError(error, "InvalidInput", "IntegrityFailure"),
      );
    }
    // A raw disk may begin with anything, also with another format's mark.
    const target = lab.file("as-raw.raw");
    await convertImage({ source, from: "raw", target, to: "raw" });
    assert.ok(readFileSync(target).equals(readFileSync(source)));
  });

  test("a file that shrinks while it is read", async () => {
    const shrinking = lab.file("shrinking.raw");
    copyFileSync(disk, shrinking);
    writeAt(shrinking, 0, Buffer.alloc(5 * mib, 1));
    let shrunk = false;
    const onProgress = (): void => {
      if (!shrunk) truncateSync(shrinking, mib);
      shrunk = true;
    };
    const running = convertImage({ source: shrinking, target: lab.file("never"), to: "raw", onProgress });
    await assert.rejects(running, (error: unknown) => isProviderError(error, "IntegrityFailure"));
  });
});

/** 4 TiB of disk out of one compressed cluster of 2 MiB, in tables of 16 MiB. */
function bombFile(file: string): { file: string; unpacksTo: number } {
  const cluster = 2 * mib;
  const tables = 8;
  const entries = cluster / 8;
  const stored = deflateRawSync(Buffer.alloc(cluster, 1));
  const bytes = Buffer.alloc((4 + tables) * cluster);
  bytes.write("QFI\xfb", 0, "latin1");
  bytes.writeUInt32BE(3, 4);
  bytes.writeUInt32BE(21, 20);
  bytes.writeBigUInt64BE(BigInt(tables * entries * cluster), 24);
  bytes.writeUInt32BE(tables, 36);
  bytes.writeBigUInt64BE(BigInt(cluster), 40);
  bytes.writeBigUInt64BE(BigInt(2 * cluster), 48);
  bytes.writeUInt32BE(1, 56);
  bytes.writeUInt32BE(4, 96);
  bytes.writeUInt32BE(104, 100);
  const sectors = BigInt(Math.ceil(stored.byteLength / 512) - 1);
  const entry = (1n << 62n) | (sectors << BigInt(62 - (21 - 8))) | BigInt(3 * cluster);
  for (let table = 0; table < tables; table++) {
    bytes.writeBigUInt64BE((1n << 63n) | BigInt((4 + table) * cluster), cluster + table * 8);
    for (let index = 0; index < entries; index++) bytes.writeBigUInt64BE(entry, (4 + table) * cluster + index * 8);
  }
  stored.copy(bytes, 3 * cluster);
  writeFileSync(file, bytes);
  return { file, unpacksTo: tables * entries * cluster };
}

/** Where the value of a VHDX metadata item is. */
function metadataEntry(bytes: Buffer, id: string): number {
  const region = [0, 1]
    .map((index) => 192 * kib + 16 + index * 32)
    .find((at) => bytes.subarray(at, at + 16).toString("hex") === "06a27c8b90479a4bb8fe575f050f886e");
  const metadata = Number(bytes.readBigUInt64LE((region ?? 0) + 16));
  for (let entry = metadata + 32; ; entry += 32) {
    if (bytes.subarray(entry, entry + 16).toString("hex") === id) return metadata + bytes.readUInt32LE(entry + 16);
  }
}
