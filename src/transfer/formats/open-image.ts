import { ProviderError } from "../../domain/errors.ts";
import { refused } from "./failures.ts";
import { openFile } from "./file-access.ts";
import type { ImageFormat } from "./format-names.ts";
import type { ImageSource, OpenedImage, RandomAccess } from "./image.ts";
import { maxDiskBytes } from "./image.ts";
import { MappedSource } from "./mapped-source.ts";
import { qcow2Magic } from "./qcow2/header.ts";
import { openQcow2 } from "./qcow2/map.ts";
import { footerBytes, isFooter } from "./vhd/footer.ts";
import { FlatMap, openVhd } from "./vhd/map.ts";
import { openVhdx } from "./vhdx/map.ts";
import { fileSignature } from "./vhdx/structures.ts";
import { vmdkMagic } from "./vmdk/header.ts";
import { openVmdk, openVmdkDescriptor } from "./vmdk/map.ts";

export interface OpenImageOptions {
  /** Takes it for this and does not look. A raw disk whose owner wrote another format's mark on it needs that. */
  readonly format?: ImageFormat;
  readonly signal?: AbortSignal;
}

type Opener = (file: RandomAccess, signal?: AbortSignal) => Promise<OpenedImage>;

const openers: Readonly<Record<ImageFormat, Opener>> = {
  raw: openRaw,
  qcow2: openQcow2,
  vmdk: openVmdk,
  "vhd-fixed": openVhd,
  "vhd-dynamic": openVhd,
  vhdx: openVhdx,
};

/**
 * Opens an image, whoever made it, as the disk that it holds. The source owns the file from then on.
 * @throws ProviderError InvalidInput with the reason and a remedy for an image that is not read (it needs a backing file,
 * a data file or a key; it claims a disk beyond {@link maxDiskBytes}), IntegrityFailure for one that is damaged, NotFound.
 */
export async function openImage(image: string | RandomAccess, options: OpenImageOptions = {}): Promise<ImageSource> {
  const file = typeof image === "string" ? await openFile(image) : image;
  try {
    const { facts, map } = await readImage(file, options);
    const [refusal] = facts.refusals;
    if (refusal || !map) throw refused(file.name, refusal ?? unreadable, facts);
    return new MappedSource(file, facts, map);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The header alone, of images too that {@link openImage} refuses. Leaves the file open. */
export async function readImage(file: RandomAccess, { format, signal }: OpenImageOptions): Promise<OpenedImage> {
  const { open } = format ? { open: openers[format] } : await probe(file, signal);
  const opened = await open(file, signal);
  if (format && opened.facts.format !== format) {
    throw new ProviderError("InvalidInput", {
      operation: "read the image",
      resource: file.name,
      reason: `it is ${opened.facts.format}, not ${format}`,
      action: "Name its format as it is, or leave it to be found out.",
    });
  }
  return opened;
}

const unreadable = { reason: "can't be read", action: "Convert it with the tool that made it." };

/** The format's name by its mark, for an image of which nothing more may be readable. */
export async function familyOf(file: RandomAccess, signal?: AbortSignal): Promise<string> {
  return (await probe(file, signal)).family;
}

interface Probed {
  readonly family: string;
  readonly open: Opener;
}

/** By the marks that formats begin with, or end with; what has none is raw. */
async function probe(file: RandomAccess, signal: AbortSignal | undefined): Promise<Probed> {
  const start = Buffer.alloc(Math.min(32, file.sizeBytes));
  await file.read(0, start, signal);
  const text = start.toString("latin1");
  if (start.byteLength >= 4 && start.readUInt32BE(0) === qcow2Magic) return { family: "qcow2", open: openQcow2 };
  if (text.startsWith(vmdkMagic)) return { family: "vmdk", open: openVmdk };
  if (text.startsWith("# Disk Descriptor")) return { family: "vmdk", open: openVmdkDescriptor };
  if (text.startsWith("COWD")) return { family: "vmdk", open: openEsxSparse };
  if (text.startsWith(fileSignature)) return { family: "vhdx", open: openVhdx };
  if (file.sizeBytes < footerBytes) return { family: "raw", open: openRaw };
  const end = new Uint8Array(footerBytes);
  await file.read(file.sizeBytes - footerBytes, end, signal);
  return isFooter(start) || isFooter(end) ? { family: "vhd", open: openVhd } : { family: "raw", open: openRaw };
}

async function openRaw(file: RandomAccess): Promise<OpenedImage> {
  const refusals =
    file.sizeBytes <= maxDiskBytes
      ? []
      : [
          {
            reason: `claims ${file.sizeBytes} bytes, more than any real disk`,
            action: "Shrink it, if it is a real one.",
          },
        ];
  return {
    facts: {
      format: "raw",
      variant: "raw",
      sizeBytes: file.sizeBytes,
      unitBytes: undefined,
      compression: undefined,
      backingFile: undefined,
      refusals,
      warnings: [],
    },
    map: new FlatMap(),
  };
}

async function openEsxSparse(file: RandomAccess): Promise<OpenedImage> {
  throw refused(file.name, {
    reason: "is a sparse extent of an ESX server (COWD), which belongs to other files",
    action: "Export the disk as streamOptimized (an OVF export does), and take that.",
  });
}
