/** What a helper instance is told at its launch, in its metadata. Holds a secret: never logged, never in an error. */
export interface BlockServiceSettings {
  /** The helper's own; whoever joins says it. */
  readonly name: string;
  /** 32 random bytes in base64url, made for this helper and good for one session. */
  readonly key: string;
  readonly port: number;
  /** The disk's name in the folder of devices. */
  readonly device: string;
  /** Whether it is written or read. */
  readonly write: boolean;
  /** When nobody joined for so long, nobody will. */
  readonly joinWithinMs: number;
}

export const blockServicePort = 8790;
const keyBytes = 32;

/** @throws Error that says which member is wrong, and none of their values. */
export function readSettings(text: string): BlockServiceSettings {
  const found = parsed(text);
  const { name, key, port, device, write, joinWithinMs } = found;
  const wrong = [
    typeof name === "string" && name !== "" ? [] : ["name"],
    typeof key === "string" && Buffer.from(key, "base64url").byteLength === keyBytes ? [] : ["key"],
    isWhole(port) && port <= 65_535 ? [] : ["port"],
    // It names an entry of one folder.
    typeof device === "string" && /^[\w.:-]+$/.test(device) && !device.startsWith(".") ? [] : ["device"],
    typeof write === "boolean" ? [] : ["write"],
    isWhole(joinWithinMs) ? [] : ["joinWithinMs"],
  ].flat();
  if (wrong.length > 0) throw new Error(`the block service's settings lack or garble: ${wrong.join(", ")}`);
  return found as unknown as BlockServiceSettings;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // The parser's message would quote what it read.
  }
  throw new Error("the block service's settings are not JSON");
}
