export interface ServerEvent {
  readonly id?: string;
  readonly type: string;
  readonly data: string;
}

/** Reads server-sent events out of text that comes in pieces; comments and unknown fields are skipped. */
export class EventBlocks {
  #rest = "";

  /** What this piece completes. */
  take(piece: string): ServerEvent[] {
    const blocks = (this.#rest + piece).split(/\r?\n\r?\n/);
    this.#rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const event = readBlock(block);
      return event ? [event] : [];
    });
  }
}

function readBlock(block: string): ServerEvent | undefined {
  let id: string | undefined;
  let type = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (name === "id") id = value;
    else if (name === "event") type = value;
    else if (name === "data") data.push(value);
  }
  if (data.length === 0) return undefined;
  return { type, data: data.join("\n"), ...(id === undefined ? {} : { id }) };
}
