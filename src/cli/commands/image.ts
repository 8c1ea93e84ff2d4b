import type { ConvertedImage, ImageFormat, Inspection } from "../../transfer/formats/index.ts";
import { convertImage, imageFormats, inspectImage } from "../../transfer/formats/index.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show } from "../output.ts";
import { formatBytes, formatSeconds } from "../units.ts";
import { progressBar } from "../watch.ts";
import type { CommonOptions } from "./options.ts";

const interruptedExit = 130;
const barEveryMs = 100;

/** @throws CliError for an image that isn't read, after showing what is known of it. */
export async function inspect(file: string, options: CommonOptions & { format?: string }): Promise<void> {
  const format = options.format === undefined ? undefined : readImageFormat(options.format);
  const found = await inspectImage(file, { format });
  await show(describe(file, found), options.output, () => inspectionText(file, found));
  if (found.problems.some(({ severity }) => severity !== "note")) {
    throw new CliError(`${file} is not read as it is`, "Each problem above says what to do.");
  }
}

export interface ConvertOptions extends CommonOptions {
  readonly to: string;
  readonly from?: string;
  readonly force?: boolean;
  readonly flush?: boolean;
}

export async function convert(source: string, target: string, options: ConvertOptions): Promise<void> {
  const to = readImageFormat(options.to);
  const from = options.from === undefined ? undefined : readImageFormat(options.from);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new CliError("Interrupted", "Nothing was left behind."));
  process.once("SIGINT", onInterrupt).once("SIGTERM", onInterrupt);
  const progress = process.stderr.isTTY ? barOnTerminal() : linePerTenth();
  const started = performance.now();
  try {
    const converted = await convertImage({
      source,
      from,
      target,
      to,
      replace: options.force ?? false,
      flush: options.flush ?? false,
      onProgress: ({ bytesDone, sizeBytes }) => progress.show(sizeBytes === 0 ? 100 : (100 * bytesDone) / sizeBytes),
      signal: interrupt.signal,
    });
    progress.end();
    const seconds = (performance.now() - started) / 1000;
    await show(summary(source, target, to, converted, seconds), options.output, () =>
      summaryText(source, target, to, converted, seconds),
    );
  } catch (error) {
    progress.end();
    if (!interrupt.signal.aborted) throw error;
    process.stderr.write("Interrupted; nothing was left behind.\n");
    process.exitCode = interruptedExit;
  } finally {
    process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  }
}

function readImageFormat(text: string): ImageFormat {
  const found = imageFormats.find((format) => format === text);
  if (!found) throw usageError(`There is no image format ${text}`, `Use one of: ${imageFormats.join(", ")}.`);
  return found;
}

function describe(file: string, { family, fileBytes, facts, survey, problems }: Inspection) {
  return {
    file,
    format: facts?.format ?? family,
    variant: facts?.variant,
    virtual_size_bytes: facts && facts.sizeBytes,
    allocated_bytes: survey?.allocatedBytes,
    file_bytes: fileBytes,
    cluster_bytes: facts?.unitBytes,
    compression: compressionOf({ facts, survey }),
    compressed_bytes: survey?.compressedBytes,
    backing_file: facts?.backingFile,
    readable: problems.every(({ severity }) => severity === "note"),
    problems,
  };
}

/** qcow2 only names what its compressed clusters would be in. */
function compressionOf({ facts, survey }: Pick<Inspection, "facts" | "survey">): string {
  if (!facts?.compression || survey?.compressedBytes === 0) return "none";
  return facts.compression;
}

function inspectionText(file: string, found: Inspection): string {
  const { family, fileBytes, facts, survey, problems } = found;
  const facing = (bytes: number | undefined) => (bytes === undefined ? undefined : `${formatBytes(bytes)} (${bytes})`);
  const known = fields([
    ["File", file],
    [
      "Format",
      facts ? [facts.format, facts.variant].filter((word, at, all) => all.indexOf(word) === at).join(", ") : family,
    ],
    ["Virtual size", facing(facts?.sizeBytes)],
    ["Allocated", facing(survey?.allocatedBytes)],
    ["File size", facing(fileBytes)],
    ["Cluster size", facts?.unitBytes === undefined ? undefined : formatBytes(facts.unitBytes)],
    ["Compression", facts && compressionOf(found)],
    ["Backing file", facts?.backingFile],
    ["Problems", problems.length === 0 ? "none" : String(problems.length)],
  ]);
  return [
    known,
    ...problems.map(({ severity, reason, action }) => `  ${severity}: ${reason}. ${action}`.trimEnd()),
  ].join("\n");
}

function summary(source: string, target: string, to: ImageFormat, converted: ConvertedImage, seconds: number) {
  return {
    source,
    source_format: converted.sourceFormat,
    target,
    target_format: to,
    virtual_size_bytes: converted.sizeBytes,
    allocated_bytes: converted.allocatedBytes,
    data_bytes: converted.dataBytes,
    file_bytes: converted.fileBytes,
    seconds: Number(seconds.toFixed(3)),
  };
}

function summaryText(
  source: string,
  target: string,
  to: ImageFormat,
  converted: ConvertedImage,
  seconds: number,
): string {
  const data = `${formatBytes(converted.dataBytes)} of data in a disk of ${formatBytes(converted.sizeBytes)}`;
  return `${source} (${converted.sourceFormat}) → ${target} (${to}): ${data}, ${formatSeconds(seconds)}`;
}

interface Progress {
  show(percent: number): void;
  end(): void;
}

function barOnTerminal(): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  const clear = (): void => void process.stderr.write("\r\u001b[K");
  return {
    show(percent) {
      if (performance.now() - shownAt < barEveryMs) return;
      shownAt = performance.now();
      clear();
      process.stderr.write(progressBar(percent));
    },
    end: clear,
  };
}

function linePerTenth(): Progress {
  let tenth = 0;
  return {
    show(percent) {
      if (Math.floor(percent / 10) <= tenth) return;
      tenth = Math.floor(percent / 10);
      process.stderr.write(`${tenth * 10} %\n`);
    },
    end() {},
  };
}
