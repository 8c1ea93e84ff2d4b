import type { FileSystem } from "./file-tree.ts";
import { assignments, configLines, shellWords } from "./text.ts";

/** One thing that a boot loader's menu offers. Paths are the loader's: from the root of the file system it reads. */
export interface BootEntry {
  readonly title: string;
  readonly id?: string;
  readonly kernelPath: string;
  readonly initramfsPaths: readonly string[];
  readonly commandLine: string;
  /** The file that has its command line word by word, and can be edited for another one. */
  readonly file?: string;
}

export interface BootMenu {
  readonly entries: readonly BootEntry[];
  /** Undefined when it is decided by what is not in the configuration. */
  readonly defaultEntry?: BootEntry;
}

const maxEntries = 200;
/** Linux cuts it there. */
const maxCommandLine = 4096;

/** Reads the menu of GRUB below a boot folder, with its environment and boot loader specification entries. */
export async function readBootMenu(files: FileSystem, bootFolder: string): Promise<BootMenu | undefined> {
  for (const folder of ["grub2", "grub"]) {
    const config = await files.text(`${bootFolder}/${folder}/grub.cfg`);
    if (config === undefined) continue;
    const environment = assignments((await files.text(`${bootFolder}/${folder}/grubenv`, 65_536)) ?? "");
    const lines = configLines(config);
    const file = `${bootFolder}/${folder}/grub.cfg`;
    if (!lines.some((line) => line.split(/\s/)[0] === "blscfg")) return inFile(grubMenu(lines, environment), file);
    return specifiedMenu(files, bootFolder, lines, environment);
  }
  return undefined;
}

function inFile({ entries, defaultEntry }: BootMenu, path: string): BootMenu {
  const file = path.replace(/^\/+/, "");
  const placed = new Map(entries.map((entry) => [entry, { ...entry, file }]));
  return { entries: [...placed.values()], ...(defaultEntry ? { defaultEntry: placed.get(defaultEntry) } : {}) };
}

type Variables = ReadonlyMap<string, string>;

/** An entry with its position among its siblings, behind those of the submenus it is in: what `default=1>2` counts. */
interface Place {
  readonly position: string;
  readonly entry: BootEntry;
}

interface OpenBlock {
  readonly isMenu: boolean;
  readonly position: string;
  readonly title: string;
  readonly id?: string;
  next: number;
}

/** The menu of a generated or hand-written grub.cfg. Its script is not run: of branches all are seen. */
export function grubMenu(lines: readonly string[], environment: Variables): BootMenu {
  const places: Place[] = [];
  const open: OpenBlock[] = [];
  const top = { next: 0 };
  let current: { kernelPath: string; commandLine: string; initramfsPaths: string[] } | undefined;
  const finish = (position: string, title: string, id?: string) => {
    if (current && places.length < maxEntries) places.push({ position, entry: { title, id, ...current } });
    current = undefined;
  };
  for (const line of lines) {
    const [command = "", ...words] = shellWords(line);
    const parent = open.at(-1);
    if (command === "menuentry" || command === "submenu") {
      const at = (parent ?? top).next++;
      const position = parent ? `${parent.position}>${at}` : String(at);
      const idAt = words.findIndex((word) => word === "--id" || word === "$menuentry_id_option");
      const id = idAt < 0 ? undefined : words[idAt + 1];
      open.push({ isMenu: command === "submenu", position, title: words[0] ?? "", id, next: 0 });
    } else if (command === "}" && parent) {
      if (!parent.isMenu) finish(parent.position, parent.title, parent.id);
      open.pop();
    } else if (/^linux(?:16|efi)?$/.test(command)) {
      const [kernel = "", ...options] = words;
      current = {
        kernelPath: fromRoot(kernel),
        commandLine: expandVariables(options.join(" "), environment),
        initramfsPaths: [],
      };
    } else if (/^initrd(?:16|efi)?$/.test(command)) {
      current?.initramfsPaths.push(...words.map(fromRoot));
    }
  }
  // A configuration without a menu: its commands are what starts.
  finish("0", "");
  const chosen = defaultPosition(lines, environment);
  return {
    entries: places.map(({ entry }) => entry),
    defaultEntry: chosen === undefined ? undefined : pick(places, chosen),
  };
}

function defaultPosition(lines: readonly string[], environment: Variables): string | undefined {
  // Chosen for one start only: the next one is another.
  if (environment.get("next_entry")) return undefined;
  const settings = lines.flatMap((line) => {
    const [command, value = ""] = shellWords(line);
    return command === "set" && value.startsWith("default=") ? [value.slice("default=".length)] : [];
  });
  // The generated script has two branches: what `next_entry` says, and otherwise.
  const setting = settings.filter((value) => !value.includes("next_entry")).at(-1) ?? "0";
  return expandVariables(setting, environment) || "0";
}

function pick(places: readonly Place[], chosen: string): BootEntry | undefined {
  const last = chosen.slice(chosen.lastIndexOf(">") + 1);
  const isChosen = ({ position, entry }: Place) => position === chosen || entry.id === last || entry.title === last;
  // A submenu chosen by its number: its first entry.
  const found = places.find(isChosen) ?? places.find(({ position }) => position.startsWith(`${chosen}>`));
  return found?.entry;
}

/** Entries of the UAPI group's boot loader specification, the newest first, as Fedora's and Red Hat's GRUB reads them. */
async function specifiedMenu(
  files: FileSystem,
  bootFolder: string,
  lines: readonly string[],
  environment: Variables,
): Promise<BootMenu> {
  const set = lines.filter((line) => line.startsWith("set ")).map((line) => line.slice(4));
  const variables = new Map([...assignments(set.join("\n")), ...environment]);
  const names = (await files.names(`${bootFolder}/loader/entries`)).filter((name) => name.endsWith(".conf"));
  names.sort(byRelease);
  const entries: BootEntry[] = [];
  for (const name of names.slice(0, maxEntries)) {
    const text = (await files.text(`${bootFolder}/loader/entries/${name}`, 65_536)) ?? "";
    const values = (key: string): string[] =>
      configLines(text).flatMap((line) => {
        const [word, ...rest] = line.split(/\s+/);
        return word === key ? [rest.join(" ")] : [];
      });
    const [kernelPath] = values("linux");
    if (kernelPath === undefined) continue;
    const options = values("options").join(" ");
    // What it takes from variables is written elsewhere.
    const literal = options.includes("$") ? {} : { file: `${bootFolder}/loader/entries/${name}`.replace(/^\/+/, "") };
    entries.push({
      ...literal,
      title: values("title")[0] ?? name,
      id: name.slice(0, -".conf".length),
      kernelPath,
      initramfsPaths: values("initrd").flatMap((line) => line.split(" ").filter((word) => word.startsWith("/"))),
      commandLine: expandVariables(options, variables),
    });
  }
  const saved = environment.get("saved_entry") || "0";
  const defaultEntry = entries.find(({ id, title }) => id === saved || title === saved) ?? entries[Number(saved)];
  return { entries, defaultEntry };
}

/** The newest release first. */
export function byRelease(a: string, b: string): number {
  return b.localeCompare(a, "en", { numeric: true });
}

/** Variables of the environment block; others are GRUB's own and say nothing to Linux. */
function expandVariables(text: string, variables: Variables): string {
  return text
    .replaceAll(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (_whole, braced: string, plain: string) => variables.get(braced ?? plain) ?? "",
    )
    .slice(0, maxCommandLine)
    .split(/\s+/)
    .filter((word) => word !== "")
    .join(" ");
}

/** `($root)/vmlinuz` and `(hd0,gpt2)/vmlinuz` are paths on the file system that the entry names. */
function fromRoot(path: string): string {
  const end = path.startsWith("(") ? path.indexOf(")") : -1;
  return path.slice(end + 1);
}
