import type { PreparationChange, Rename } from "../../domain/preparation.ts";
import { enabledIn } from "../inspect/modprobe.ts";

// Texts come with one character for each byte, of which only these two are blanks to who reads them; `\s` would take a part of
// an accented letter for one.

/** The menu's text with another kernel command line: `linux` lines of grub.cfg, `options` lines of boot entries. */
export function editMenu(
  text: string,
  { enable = [], rename = [], add = [] }: Extract<PreparationChange, { change: "kernel-command-line" }>,
): string {
  return text
    .split("\n")
    .map((line) => {
      const [, head = "", options] = /^([ \t]*(?:linux(?:16|efi)?[ \t]+[^ \t]+|options)[ \t]+)(.*)$/.exec(line) ?? [];
      if (options === undefined) return line;
      const words = options.split(/[ \t]+/).flatMap((word) => {
        const renamed = rename.find(({ from }) => word === `root=${from}`);
        return renamed ? [`root=${renamed.to}`] : enabledIn(word, enable);
      });
      return `${head}${[...words, ...add.filter((word) => !words.includes(word))].filter((word) => word !== "").join(" ")}`;
    })
    .join("\n");
}

/** The table's text with devices named otherwise; comments and spacing stay. */
export function editFstab(text: string, rename: readonly Rename[]): string {
  return text
    .split("\n")
    .map((line) => {
      const device = /^[ \t]*([^ \t]+)/.exec(line)?.[1];
      const to = rename.find(({ from }) => from === device)?.to;
      return device === undefined || to === undefined ? line : line.replace(device, () => to);
    })
    .join("\n");
}
