import type { Request } from "express";
import type { Store } from "../store/index.ts";

/** Kept in a row of the store at once. */
const rowBytes = 2 * 2 ** 20;

/** Keeps a request's body for an import, as it comes. A repeat keeps what is there. */
export async function storeUpload(store: Store, importId: string, request: Request): Promise<void> {
  let sequence = 0;
  let waiting: Buffer[] = [];
  let bytes = 0;
  const flush = async () => {
    if (bytes === 0) return;
    await store.costs.putUpload(importId, sequence, Buffer.concat(waiting));
    sequence += 1;
    waiting = [];
    bytes = 0;
  };
  for await (const chunk of request) {
    waiting.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= rowBytes) await flush();
  }
  await flush();
}
