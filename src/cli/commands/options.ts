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

/** The same, of a command that can also write these formats. */
export function optionsWithFormats<Own extends object, More extends string>(
  command: Command,
  more: readonly More[],
): Own & ApiOptions & { readonly output: Format | More } {
  const all = command.optsWithGlobals<Own & { output: string }>();
  return { ...all, output: readFormat(all.output, more) };
}

/** For an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
