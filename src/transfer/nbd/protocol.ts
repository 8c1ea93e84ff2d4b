/** Numbers of the NBD protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md */

export const nbdMagic = 0x4e42444d41474943n;
export const optionMagic = 0x49484156454f5054n;
export const optionReplyMagic = 0x3e889045565a9n;
export const requestMagic = 0x25609513;
export const simpleReplyMagic = 0x67446698;
export const structuredReplyMagic = 0x668e33ef;

export const handshakeFlags = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const option = { abort: 2, go: 7, structuredReply: 8, setMetaContext: 10 } as const;

export const optionReply = {
  ack: 1,
  info: 3,
  metaContext: 4,
  errorFlag: 0x8000_0000,
  errorUnsupported: 0x8000_0001,
  errorPolicy: 0x8000_0002,
  errorTlsRequired: 0x8000_0005,
  errorUnknown: 0x8000_0006,
  errorShutdown: 0x8000_0007,
} as const;

export const infoType = { export: 0 } as const;

export const exportFlag = {
  readOnly: 1 << 1,
  sendFlush: 1 << 2,
  sendTrim: 1 << 5,
  sendWriteZeroes: 1 << 6,
  canMultiConn: 1 << 8,
} as const;

export const command = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  writeZeroes: 6,
  blockStatus: 7,
} as const;

export const chunkFlagDone = 1;
export const chunkType = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  errorFlag: 0x8000,
} as const;

/** Flags of a `base:allocation` extent: bit 0 says hole, bit 1 that it reads as zeros. */
export const readsAsZeros = 2;

export const requestHeaderBytes = 28;
export const simpleReplyBytes = 16;
export const structuredReplyBytes = 20;

/** The most of one request with a payload that every server takes (qemu's limit; the protocol promises 32 MiB too). */
export const maxPayloadBytes = 32 * 1024 * 1024;
/** Of a request without payload; a 32-bit length, kept round so that it fits any block size. */
export const maxRangeBytes = 0xffff_0000;

export interface Request {
  readonly type: number;
  readonly flags: number;
  readonly handle: number;
  readonly offset: number;
  readonly length: number;
}

export function encodeRequest({ type, flags, handle, offset, length }: Request): Buffer {
  const header = Buffer.allocUnsafe(requestHeaderBytes);
  header.writeUInt32BE(requestMagic, 0);
  header.writeUInt16BE(flags, 4);
  header.writeUInt16BE(type, 6);
  header.writeUInt32BE(0, 8);
  header.writeUInt32BE(handle, 12);
  header.writeUInt32BE(Math.floor(offset / 2 ** 32), 16);
  header.writeUInt32BE(offset % 2 ** 32, 20);
  header.writeUInt32BE(length, 24);
  return header;
}
