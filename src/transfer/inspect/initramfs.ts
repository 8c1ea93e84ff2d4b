import { driverName, driversAmong, type GuestInitramfs } from "../../domain/guest.ts";
import { readArchives } from "./cpio.ts";
import { Cursor } from "./cursor.ts";
import { Unreadable } from "./disk-bytes.ts";
import { compressionOf, expand, magicBytes } from "./expand.ts";
import type { FileNode, FileSystem } from "./file-tree.ts";
import { disabledDrivers } from "./modprobe.ts";

export interface InitramfsContent extends GuestInitramfs {
  /** Of the modules.builtin that tools put into it; undefined when they did not. */
  readonly builtIn?: readonly string[];
  /** Drivers that its modprobe configuration switches off. */
  readonly disabled: readonly string[];
  /** Absent when nothing could be put before what starts it. */
  readonly start?: InitramfsStart;
}

/** What the kernel starts in an initramfs, and what a script that comes before it can use. */
export interface InitramfsStart {
  /** `/init`: a file's content, or where a link leads. */
  readonly init: { readonly content: Buffer } | { readonly link: string };
  /** A shell, from its root. */
  readonly shell: string;
  /** The command that loads a module from a file; of `kmod` only under that name. */
  readonly loader: { readonly command: string } | { readonly kmod: string };
  /** How often something of ours was put before it. */
  readonly stages: number;
}

/** The folder of what is put before an initramfs' own start, the first time and each time after. */
export function stageFolder(stage: number): string {
  return `novacron-${stage}`;
}

/** Larger than any that a distribution makes. */
const maxStoredBytes = 512 * 1024 * 1024;
const maxExpandedBytes = 1024 * 1024 * 1024;
const maxEntries = 200_000;
const maxTextBytes = 1024 * 1024;
const maxParts = 16;
const lookBytes = 64 * 1024;

const wanted = /(?:^|\/)(?:modules\.builtin|modprobe\.d\/[^/]+\.conf)$|^init$/;
const helpers = /^(?:usr\/)?s?bin\/(?:sh|insmod|busybox|kmod)$/;
const linkType = 0o12;
const ownStage = /^novacron-(\d{1,3})$/;
const isModule = /\.ko(?:\.[a-z0-9]+)?$/;

/**
 * Looks into an initramfs: parts that follow each other, each an archive as it is or compressed (microcode first, then
 * the rest, as distributions lay it out). Only names and a few small texts are kept.
 */
export async function readInitramfs(files: FileSystem, file: FileNode, path: string): Promise<InitramfsContent> {
  if (file.sizeBytes > maxStoredBytes) throw new Unreadable(`${path} is larger than an initramfs can be`);
  const compression: string[] = [];
  const drivers = new Set<string>();
  const texts = new Map<string, string>();
  const programs: string[] = [];
  let stages = 0;
  let init: InitramfsStart["init"] | undefined;
  let [entries, expanded] = [0, 0];

  const readPart = async (pieces: AsyncIterable<Buffer>): Promise<number> => {
    const input = new Cursor(counted(pieces));
    await readArchives(
      input,
      ({ name, sizeBytes }) => wanted.test(bareName(name)) && sizeBytes <= maxTextBytes,
      ({ name: stored, mode }, content) => {
        const name = bareName(stored);
        if (++entries > maxEntries) throw new Unreadable("it holds too many files");
        if (isModule.test(name)) drivers.add(driverName(name));
        if (helpers.test(name)) programs.push(name);
        stages = Math.max(stages, Number(ownStage.exec(name)?.[1] ?? 0));
        if (name === "init") {
          init = content && (mode >> 12 === linkType ? { link: content.toString("utf8") } : { content });
        } else if (content) texts.set(name, content.toString("utf8"));
      },
    );
    return input.position;
  };
  async function* counted(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      expanded += piece.length;
      if (expanded > maxExpandedBytes) throw new Unreadable("it is too large when expanded");
      yield piece;
    }
  }

  for (
    let offset = await nextPart(files, file, 0);
    offset !== undefined;
    offset = await nextPart(files, file, offset)
  ) {
    if (compression.length >= maxParts) throw new Unreadable("it is in too many parts");
    const rest = () => files.read(file, offset as number, file.sizeBytes);
    const kind = compressionOf(await new Cursor(files.read(file, offset, magicBytes)).peek(magicBytes));
    compression.push(kind);
    if (kind === "none") {
      offset += await readPart(rest());
      continue;
    }
    const taken = await expand(kind, rest(), async (pieces) => {
      const input = new Cursor(pieces);
      await readPart(input.rest());
      // To the end: only there the checksum is.
      for await (const _ of input.rest());
    });
    if (taken === undefined) break;
    offset += taken;
  }
  const builtIn = [...texts].find(([name]) => name.endsWith("modules.builtin"))?.[1];
  const configuration = [...texts].filter(([name]) => name.endsWith(".conf")).map(([, text]) => text);
  return {
    path,
    compression,
    drivers: driversAmong(drivers),
    builtIn: builtIn === undefined ? undefined : driversAmong(builtIn.split("\n")),
    disabled: disabledDrivers(configuration),
    start: startOf(init, programs, stages),
  };
}

/** Some tools put `./` before each name. */
function bareName(name: string): string {
  return name.replace(/^(?:\.?\/)+/, "");
}

function startOf(
  init: InitramfsStart["init"] | undefined,
  programs: readonly string[],
  stages: number,
): InitramfsStart | undefined {
  const program = (name: string) => programs.find((path) => path.endsWith(`/${name}`));
  const [shell, insmod, busybox, kmod] = [program("sh"), program("insmod"), program("busybox"), program("kmod")];
  const command = insmod === undefined ? busybox && `/${busybox} insmod` : `/${insmod}`;
  const loader = command === undefined ? kmod && { kmod: `/${kmod}` } : { command };
  return init && shell && loader ? { init, shell: `/${shell}`, loader, stages } : undefined;
}

/** Parts have zeros between them. */
async function nextPart(files: FileSystem, file: FileNode, from: number): Promise<number | undefined> {
  for (let offset = from; offset < file.sizeBytes; offset += lookBytes) {
    const window = new Cursor(files.read(file, offset, lookBytes));
    if (await window.skipZeros()) return offset + window.position;
  }
  return undefined;
}
