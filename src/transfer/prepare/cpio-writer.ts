/** Writes the "newc" format that Linux unpacks as its first root, in an order that its reader can follow: folders first. */
export class CpioWriter {
  readonly #parts: Buffer[] = [];
  #inode = 1;

  folder(name: string): void {
    this.#add(name, Buffer.alloc(0), 0o040755);
  }

  file(name: string, content: Buffer, mode: number): void {
    this.#add(name, content, 0o100000 | mode);
  }

  link(name: string, target: string): void {
    this.#add(name, Buffer.from(target), 0o120777);
  }

  end(): Buffer {
    this.#add("TRAILER!!!", Buffer.alloc(0), 0);
    return Buffer.concat(this.#parts);
  }

  #add(name: string, content: Buffer, mode: number): void {
    const path = Buffer.from(`${name}\0`);
    // inode, mode, uid, gid, links, mtime, size, device (major, minor), special (major, minor), name's size, checksum
    const fields = [this.#inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
    this.#parts.push(padded(Buffer.concat([header, path])), padded(content));
  }
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}
