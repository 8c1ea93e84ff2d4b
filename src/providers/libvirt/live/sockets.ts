import { createHash } from "node:crypto";

/** What fits into a socket's address. */
export const longestSocketPath = 107;

/** Names of the sockets that one reception listens on. */
export function socketsOf(key: string, vmId: string): { readonly memory: string; readonly disks: string } {
  const hash = createHash("sha256")
    .update(JSON.stringify([key, vmId]))
    .digest("hex")
    .slice(0, 12);
  return { memory: `m${hash}.sock`, disks: `d${hash}.sock` };
}
