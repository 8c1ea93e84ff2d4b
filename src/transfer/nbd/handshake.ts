import { ProviderError } from "../../domain/errors.ts";
import { protocolError } from "./errors.ts";
import {
  exportFlag,
  handshakeFlags,
  infoType,
  nbdMagic,
  option,
  optionMagic,
  optionReply,
  optionReplyMagic,
} from "./protocol.ts";
import type { Wire } from "./wire.ts";

export interface NbdExportInfo {
  readonly sizeBytes: number;
  readonly flags: number;
  readonly canMultiConn: boolean;
  readonly canFlush: boolean;
  readonly canWriteZeroes: boolean;
  readonly canTrim: boolean;
  readonly readOnly: boolean;
  /** Of the meta contexts asked for, those the export has, by the id that replies carry. */
  readonly contexts: ReadonlyMap<number, string>;
}

const operation = "open the NBD export";

/** Fixed newstyle, up to the transmission phase. Structured replies are asked for only when contexts are. */
export async function handshake(wire: Wire, exportName: string, contexts: readonly string[]): Promise<NbdExportInfo> {
  const greeting = await wire.readExactly(18);
  if (greeting.readBigUInt64BE(0) !== nbdMagic || greeting.readBigUInt64BE(8) !== optionMagic) {
    throw protocolError(operation, wire.resource, "what answers there does not speak NBD's newstyle handshake");
  }
  const serverFlags = greeting.readUInt16BE(16);
  if ((serverFlags & handshakeFlags.fixedNewstyle) === 0) {
    throw protocolError(operation, wire.resource, "the NBD server is too old: it lacks the fixed newstyle handshake");
  }
  const clientFlags = Buffer.alloc(4);
  clientFlags.writeUInt32BE(serverFlags & (handshakeFlags.fixedNewstyle | handshakeFlags.noZeroes));
  wire.send(clientFlags);
  const granted = contexts.length > 0 ? await negotiateContexts(wire, exportName, contexts) : new Map<number, string>();
  return { ...(await go(wire, exportName)), contexts: granted };
}

async function negotiateContexts(
  wire: Wire,
  exportName: string,
  contexts: readonly string[],
): Promise<Map<number, string>> {
  const granted = new Map<number, string>();
  sendOption(wire, option.structuredReply);
  const structured = await readOptionReply(wire, option.structuredReply);
  if (structured.type !== optionReply.ack) return granted;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(contexts.length);
  sendOption(wire, option.setMetaContext, Buffer.concat([text(exportName), count, ...contexts.map(text)]));
  for (;;) {
    const reply = await readOptionReply(wire, option.setMetaContext);
    if (reply.type === optionReply.ack) return granted;
    if (reply.type === optionReply.metaContext) granted.set(reply.data.readUInt32BE(0), reply.data.toString("utf8", 4));
    else if (reply.type === optionReply.errorUnsupported) return granted;
    else throw refused(wire, reply);
  }
}

async function go(wire: Wire, exportName: string): Promise<Omit<NbdExportInfo, "contexts">> {
  sendOption(wire, option.go, Buffer.concat([text(exportName), Buffer.alloc(2)]));
  let info: { sizeBytes: number; flags: number } | undefined;
  for (;;) {
    const reply = await readOptionReply(wire, option.go);
    if (reply.type === optionReply.ack) break;
    if (reply.type !== optionReply.info) throw refused(wire, reply);
    if (reply.data.readUInt16BE(0) === infoType.export) {
      info = { sizeBytes: Number(reply.data.readBigUInt64BE(2)), flags: reply.data.readUInt16BE(10) };
    }
  }
  if (!info) throw protocolError(operation, wire.resource, "the NBD server did not tell the export's size");
  const has = (flag: number): boolean => (info.flags & flag) !== 0;
  return {
    ...info,
    canMultiConn: has(exportFlag.canMultiConn),
    canFlush: has(exportFlag.sendFlush),
    canWriteZeroes: has(exportFlag.sendWriteZeroes),
    canTrim: has(exportFlag.sendTrim),
    readOnly: has(exportFlag.readOnly),
  };
}

interface OptionReply {
  readonly type: number;
  readonly data: Buffer;
}

function sendOption(wire: Wire, code: number, data: Buffer = Buffer.alloc(0)): void {
  const header = Buffer.alloc(16);
  header.writeBigUInt64BE(optionMagic, 0);
  header.writeUInt32BE(code, 8);
  header.writeUInt32BE(data.byteLength, 12);
  wire.send(Buffer.concat([header, data]));
}

async function readOptionReply(wire: Wire, code: number): Promise<OptionReply> {
  const header = await wire.readExactly(20);
  const length = header.readUInt32BE(16);
  if (header.readBigUInt64BE(0) !== optionReplyMagic || header.readUInt32BE(8) !== code || length > 65_536) {
    throw protocolError(operation, wire.resource, "the NBD server answered an option in a way that makes no sense");
  }
  return { type: header.readUInt32BE(12), data: await wire.readExactly(length) };
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

function refused(wire: Wire, reply: OptionReply): ProviderError {
  const said = reply.data.byteLength > 0 ? `: ${reply.data.toString("utf8").slice(0, 200)}` : "";
  const details = { operation, resource: wire.resource };
  switch (reply.type) {
    case optionReply.errorUnknown:
      return new ProviderError("NotFound", {
        ...details,
        reason: `the NBD server has no such export${said}`,
        action: "The disk may have been closed; open it again.",
      });
    case optionReply.errorShutdown:
      return new ProviderError("Unavailable", {
        ...details,
        reason: `the NBD server is shutting down${said}`,
        action: "It is tried again.",
      });
    case optionReply.errorTlsRequired:
    case optionReply.errorPolicy:
      return new ProviderError("CloudPermissionDenied", {
        ...details,
        reason: `the NBD server does not let us in${said}`,
        action: "Check which clients and which kind of connection it allows.",
      });
    default:
      return protocolError(operation, wire.resource, `the NBD server refused an option${said}`);
  }
}
