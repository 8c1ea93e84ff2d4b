import { Unreadable } from "./disk-bytes.ts";

export interface FileNode {
  /** Tells two nodes of one tree apart. */
  readonly id: number;
  readonly kind: "file" | "folder" | "link" | "other";
  readonly sizeBytes: number;
}

/** What a file system's reader offers; {@link FileSystem} makes paths of it. */
export interface FileTree {
  readonly root: FileNode;
  /** Names in it are told apart by their case. */
  readonly caseSensitive: boolean;
  /** Names without `.` and `..`, each with what opens it. */
  list(folder: FileNode): Promise<ReadonlyMap<string, () => Promise<FileNode>>>;
  readLink(link: FileNode): Promise<string>;
  /** Bytes of a file in order, from `offset` on; ends where the file or what is asked for ends. */
  read(file: FileNode, offset: number, length: number): AsyncIterable<Buffer>;
}

/** As many as Linux follows. */
const maxLinks = 40;
const maxCachedFolders = 256;

/** Paths over a {@link FileTree}. What does not exist is undefined; what cannot be read is {@link Unreadable}. */
export class FileSystem {
  readonly #tree: FileTree;
  readonly #folders = new Map<number, ReadonlyMap<string, () => Promise<FileNode>>>();

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** Follows links; one that leads out of this file system leads nowhere. */
  async find(path: string): Promise<FileNode | undefined> {
    let links = 0;
    const stack: FileNode[] = [this.#tree.root];
    const left = parts(path).reverse();
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (name === "..") {
        if (stack.length > 1) stack.pop();
        continue;
      }
      const folder = stack.at(-1) as FileNode;
      if (folder.kind !== "folder") return undefined;
      const node = await (await this.#list(folder)).get(this.#key(name))?.();
      if (!node) return undefined;
      if (node.kind !== "link") {
        stack.push(node);
        continue;
      }
      if (++links > maxLinks) throw new Unreadable(`the links at ${path} lead in a circle`);
      const target = await this.#tree.readLink(node);
      if (target.startsWith("/")) stack.length = 1;
      left.push(...parts(target).reverse());
    }
    return stack.at(-1);
  }

  async exists(path: string): Promise<boolean> {
    return (await this.find(path)) !== undefined;
  }

  /** Names in a folder, in order; none when it does not exist. */
  async names(path: string): Promise<string[]> {
    const folder = await this.find(path);
    if (folder?.kind !== "folder") return [];
    return [...(await this.#list(folder)).keys()].sort();
  }

  /** A text file. Larger than `maxBytes` is {@link Unreadable}. As `latin1` it has one character for each byte. */
  async text(path: string, maxBytes = 1024 * 1024, encoding: "utf8" | "latin1" = "utf8"): Promise<string | undefined> {
    const file = await this.find(path);
    if (file?.kind !== "file") return undefined;
    if (file.sizeBytes > maxBytes) throw new Unreadable(`${path} is larger than such a file can be`);
    return Buffer.concat(await Array.fromAsync(this.#tree.read(file, 0, file.sizeBytes))).toString(encoding);
  }

  linkOf(link: FileNode): Promise<string> {
    return this.#tree.readLink(link);
  }

  /** What is in a folder, by name; links are not followed. */
  children(folder: FileNode): Promise<ReadonlyMap<string, () => Promise<FileNode>>> {
    return this.#list(folder);
  }

  read(file: FileNode, offset: number, length: number): AsyncIterable<Buffer> {
    return this.#tree.read(file, offset, length);
  }

  async #list(folder: FileNode): Promise<ReadonlyMap<string, () => Promise<FileNode>>> {
    const cached = this.#folders.get(folder.id);
    if (cached) return cached;
    const listed = await this.#tree.list(folder);
    if (this.#folders.size < maxCachedFolders) this.#folders.set(folder.id, listed);
    return listed;
  }

  #key(name: string): string {
    return this.#tree.caseSensitive ? name : name.toLowerCase();
  }
}

function parts(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
