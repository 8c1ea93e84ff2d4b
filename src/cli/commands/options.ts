import type { Command } from "commander";
import type { ApiOptions } from "../client.ts";
import { type Format, readFormat } from "../output.ts";

/** What every command takes. */
export interface CommonOptions extends ApiOptions {
  readonly output: Format;
}

/** A command's own options and the common ones, wherever on the line they stood. */
export function optionsOf<Own extends object>(command: Command): Own & CommonOptions {
  const all = command.optsWithGlobals<Own & { output: string }>();
  return { ...all, output: readFormat(all.output) };
}

/** For an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
