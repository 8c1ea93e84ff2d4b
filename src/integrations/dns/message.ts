import { classes, decodeName, decodeRecord, encodeName, encodeRecord, type ResourceRecord, WireError } from "./wire.ts";

/** RFC 1035, 4.1, and the same places under other names in RFC 2136, 2. */
const headBytes = 12;
const opcodes = { query: 0, update: 5 } as const;

/** RFC 2136, 2.2, and RFC 8945, 3. */
export const rcodes = {
  noError: 0,
  serverFailure: 2,
  noName: 3,
  notImplemented: 4,
  refused: 5,
  nameExists: 6,
  setExists: 7,
  setMissing: 8,
  notAuthoritative: 9,
  notZone: 10,
} as const;

export interface DecodedMessage {
  readonly id: number;
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  /** The last of the additional records, where it is a signature, and where it begins. */
  readonly last?: { readonly record: ResourceRecord; readonly at: number };
}

/** Asks for the records of a name and type, of the server's own knowledge only. */
export function encodeQuery(id: number, name: string, type: number): Buffer {
  return Buffer.concat([head(id, opcodes.query, [1, 0, 0, 0]), question(name, type)]);
}

/** Changes a zone if all of the prerequisites hold: RFC 2136, 2. */
export function encodeUpdate(
  id: number,
  zone: string,
  prerequisites: readonly ResourceRecord[],
  changes: readonly ResourceRecord[],
): Buffer {
  return Buffer.concat([
    head(id, opcodes.update, [1, prerequisites.length, changes.length, 0]),
    question(zone, 6),
    ...[...prerequisites, ...changes].map(encodeRecord),
  ]);
}

function head(id: number, opcode: number, counts: readonly number[]): Buffer {
  const bytes = Buffer.alloc(headBytes);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE(opcode << 11, 2);
  for (const [index, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * index);
  return bytes;
}

function question(name: string, type: number): Buffer {
  const kind = Buffer.alloc(4);
  kind.writeUInt16BE(type, 0);
  kind.writeUInt16BE(classes.IN, 2);
  return Buffer.concat([encodeName(name), kind]);
}

/** @throws WireError for what is no message. */
export function decodeMessage(message: Buffer): DecodedMessage {
  if (message.length < headBytes) throw new WireError("the message ends within its head");
  const flags = message.readUInt16BE(2);
  const [questions = 0, answered = 0, authority = 0, additional = 0] = [4, 6, 8, 10].map((at) =>
    message.readUInt16BE(at),
  );
  let at = headBytes;
  for (let index = 0; index < questions; index++) at = decodeName(message, at).end + 4;
  const answers: ResourceRecord[] = [];
  let last: DecodedMessage["last"];
  for (let index = 0; index < answered + authority + additional; index++) {
    const { record, end } = decodeRecord(message, at);
    if (index < answered) answers.push(record);
    if (index === answered + authority + additional - 1 && index >= answered + authority) last = { record, at };
    at = end;
  }
  return {
    id: message.readUInt16BE(0),
    rcode: flags & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    answers,
    ...(last ? { last } : {}),
  };
}
