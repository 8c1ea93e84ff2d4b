import type { Command } from "commander";
import { imageFormats } from "../../transfer/formats/format-names.ts";
import { optionsOf } from "../commands/options.ts";

/** Image files of this machine. */
export function addImage(program: Command): void {
  const image = program.command("image").description("image files: qcow2, vmdk, vhd, vhdx, raw; needs no stack");
  image
    .command("inspect")
    .argument("<file>")
    .description("what an image is, what it holds, and what is wrong with it")
    .option("--format <format>", `take it for this: ${imageFormats.join(", ")}`)
    .action(async (file: string, _, command: Command) =>
      (await import("../commands/image.ts")).inspect(file, optionsOf(command)),
    );
  image
    .command("convert")
    .argument("<source>")
    .argument("<target>")
    .description("write an image as another one")
    .requiredOption("--to <format>", imageFormats.join(", "))
    .option("--from <format>", "take the source for this; default: by its mark")
    .option("--force", "replace the target when it is there")
    .option("--flush", "wait until the disk has it")
    .action(async (source: string, target: string, _, command: Command) =>
      (await import("../commands/image.ts")).convert(source, target, optionsOf(command)),
    );
}
