/** A helper instance's block service without a device behind it: a read is answered with ready-made bytes. Each session is
 *  let in and served as the real one does it; there may be several, one after the other. */
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { withHashes } from "../../../src/transfer/block-service/hashes.ts";
import { securedByKey } from "../../../src/transfer/block-service/secured.ts";
import { serveLink } from "../../../src/transfer/link/server.ts";
import type { BlockSink, BlockSource } from "../../../src/transfer/ports.ts";
import { endpointOf } from "./helper-address.ts";
import { announce, ledger } from "./null-server.ts";

const ready = randomBytes(4 * 1024 * 1024);
const name = "bench";
const key = randomBytes(32);

const server = createServer({ ...securedByKey, pskCallback: (_socket, identity) => (identity === name ? key : null) });
server.on("secureConnection", (socket) => {
  socket.setNoDelay(true);
  const open = async () => ({ sink: nullSink(), source: withHashes(nullSource()) });
  void serveLink(socket, { name: "worker", open });
});
server.listen(0, "127.0.0.1", () =>
  announce(endpointOf({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, name, key })),
);

function nullSink(): BlockSink {
  return {
    sizeBytes: ledger.sizeBytes,
    async write(_offset, data) {
      ledger.writtenBytes += data.byteLength;
    },
    async writeZeroes() {},
    async flush() {},
    async close() {},
  };
}

function nullSource(): BlockSource {
  const { sizeBytes } = ledger;
  return {
    sizeBytes,
    async *extents() {
      yield { offset: 0, length: sizeBytes, kind: "data" };
    },
    async read(_offset, target) {
      target.set(ready.subarray(0, target.byteLength));
    },
    async close() {},
  };
}
