import { connect, type TLSSocket } from "node:tls";
import { openRemoteSink, openRemoteSource } from "../link/client.ts";
import { lost } from "../link/frames.ts";
import type { BlockSink, BlockSource } from "../ports.ts";
import { securedByKey } from "./secured.ts";

const reachWithinMs = 5_000;

/** Where a helper's block service is, and what proves to it who we are. The key is a secret. */
export interface BlockServiceAddress {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly key: Uint8Array;
}

/** The session that the key is good for. @throws ProviderError Unavailable, also while the helper still starts. */
export function joinBlockService(
  { host, port, name, key }: BlockServiceAddress,
  signal: AbortSignal,
): Promise<TLSSocket> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...securedByKey,
      host,
      port,
      // Who has the key is the helper: there are no certificates.
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk: key, identity: name }),
    });
    const give = (error: unknown) => {
      signal.removeEventListener("abort", aborted);
      socket.destroy();
      reject(error);
    };
    const aborted = () => give(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    socket.setTimeout(reachWithinMs, () => give(lost(name, "no answer in time")));
    socket.once("error", (error) => give(lost(name, error.message)));
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", aborted);
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The disk at the other end, which `close` also ends the session of. */
export function openServedSource(socket: TLSSocket, name: string, signal: AbortSignal): Promise<BlockSource> {
  return openRemoteSource(socket, {}, { name, signal });
}

export function openServedSink(socket: TLSSocket, name: string, signal: AbortSignal): Promise<BlockSink> {
  return openRemoteSink(socket, {}, { name, signal });
}
