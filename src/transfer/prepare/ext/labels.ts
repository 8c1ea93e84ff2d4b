/** The attributes inside of a file's record, behind its own fields (kernel: fs/ext4/xattr.h). */
const magic = 0xea020000;
const headBytes = 4;
const entryBytes = 16;
const securityNames = 6;
/** By which a guest's security module, SELinux or Smack, decides who may read a file. */
const labels: ReadonlySet<string> = new Set(["selinux", "SMACK64"]);

/** What of a file's record holds its attributes; undefined where there is no room for any. */
function attributesOf(raw: Buffer): Buffer | undefined {
  if (raw.length <= 128) return undefined;
  const start = 128 + raw.readUInt16LE(0x80);
  return start + headBytes + entryBytes < raw.length ? raw.subarray(start) : undefined;
}

/** Gives the label of one file's record to another's, which has no attributes yet. False when the first has none. */
export function copyLabel(from: Buffer, to: Buffer): boolean {
  const [source, target] = [attributesOf(from), attributesOf(to)];
  const label = source && labelIn(source);
  if (!label || !target) return false;
  const { entry, value } = label;
  // Names from the start on, with zeros behind them; values from the end on.
  const at = target.length - rounded(value.length);
  if (headBytes + entry.length + 4 > at) return false;
  target.fill(0);
  target.writeUInt32LE(magic, 0);
  target.set(entry, headBytes);
  target.writeUInt16LE(at - headBytes, headBytes + 2);
  target.set(value, at);
  return true;
}

export function hasLabel(raw: Buffer): boolean {
  const attributes = attributesOf(raw);
  return attributes !== undefined && labelIn(attributes) !== undefined;
}

function labelIn(attributes: Buffer): { readonly entry: Buffer; readonly value: Buffer } | undefined {
  if (attributes.readUInt32LE(0) !== magic) return undefined;
  for (let at = headBytes; at + entryBytes <= attributes.length; ) {
    if (attributes.readUInt32LE(at) === 0) return undefined;
    const nameBytes = attributes.readUInt8(at);
    const name = attributes.toString("latin1", at + entryBytes, at + entryBytes + nameBytes);
    const end = at + rounded(entryBytes + nameBytes);
    const start = headBytes + attributes.readUInt16LE(at + 2);
    const size = attributes.readUInt32LE(at + 8);
    const isInside = attributes.readUInt32LE(at + 4) === 0 && size > 0 && start + size <= attributes.length;
    if (attributes.readUInt8(at + 1) === securityNames && labels.has(name) && isInside) {
      return { entry: attributes.subarray(at, end), value: attributes.subarray(start, start + size) };
    }
    at = end;
  }
  return undefined;
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
