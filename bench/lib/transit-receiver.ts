import { spawn } from "node:child_process";
import { createServer as createPlainServer } from "node:net";
import { createServer } from "node:tls";
import { serveLink } from "../../src/transfer/link/server.ts";
import { RawSink } from "./raw-ends.ts";

/** The far end of a link in a process of its own: `{ key, cert, file, sizeBytes, zstd }` as JSON. Writes its two ports. */
interface Setup {
  readonly key: string;
  readonly cert: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly zstd: string;
}

const { key, cert, file, sizeBytes, zstd } = JSON.parse(process.argv[2] ?? "{}") as Setup;
const links = createServer({ key, cert, minVersion: "TLSv1.3" }, (socket) => {
  socket.setNoDelay(true);
  void serveLink(socket, { name: "sender", open: async () => ({ sink: await RawSink.open(file, sizeBytes) }) });
});
/** The peer's: what comes is one zstd frame; the connection ends when it is on the disk. */
const frames = createPlainServer({ allowHalfOpen: true }, (socket) => {
  const unpacking = spawn(zstd, ["-d", "-q", "-f", "-o", file], { stdio: ["pipe", "ignore", "inherit"] });
  socket.pipe(unpacking.stdin);
  unpacking.once("exit", () => socket.end());
});
links.listen(0, "127.0.0.1", () =>
  frames.listen(0, "127.0.0.1", () => {
    const portOf = (server: { address(): unknown }) => (server.address() as { port: number }).port;
    process.stdout.write(`${JSON.stringify({ link: portOf(links), frame: portOf(frames) })}\n`);
  }),
);
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 200);
