import { once } from "node:events";
import { connect } from "node:net";

/** A name server answers within milliseconds, unless it or the way to it is in trouble. */
const answerWithinMs = 10_000;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Sends a message by TCP (RFC 7766), where an answer is never cut off, and gives the messages that come back for as long as
 * they are asked for.
 */
export async function* exchange(
  address: ServerAddress,
  message: Buffer,
  signal: AbortSignal,
): AsyncGenerator<Buffer, never> {
  signal.throwIfAborted();
  const socket = connect(address);
  const onAbort = () => socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  // Whoever waits hears of it; what nobody waits for any more is no failure.
  socket.on("error", () => undefined);
  socket.setTimeout(answerWithinMs, () => socket.destroy(failed("ETIMEDOUT", "no answer in time")));
  try {
    await once(socket, "connect");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length, 0);
    socket.write(Buffer.concat([length, message]));
    let come = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      come = Buffer.concat([come, chunk]);
      while (come.length >= 2 && come.length >= 2 + come.readUInt16BE(0)) {
        const end = 2 + come.readUInt16BE(0);
        const whole = come.subarray(2, end);
        come = come.subarray(end);
        yield whole;
      }
    }
    signal.throwIfAborted();
    throw failed("ECONNRESET", "the connection was closed before the answer");
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}

function failed(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
