import { createHash } from "node:crypto";

/** What a worker's certificate names: the worker, and the site that it is of. */
export interface WorkerName {
  readonly site: string;
  readonly workerId: string;
}

export function workerUri({ site, workerId }: WorkerName): string {
  return `novacron://site/${site}/worker/${workerId}`;
}

/** From a certificate's alternative names, as Node writes them; undefined where it names no worker. */
export function readWorkerUri(subjectAltName: string | undefined): WorkerName | undefined {
  const match = /(?:^|, )URI:novacron:\/\/site\/([a-zA-Z0-9-]+)\/worker\/([a-zA-Z0-9-]+)(?:,|$)/.exec(
    subjectAltName ?? "",
  );
  const [, site, workerId] = match ?? [];
  return site === undefined || workerId === undefined ? undefined : { site, workerId };
}

/** By which the store knows a certificate. */
export function certificateHash(raw: Uint8Array): string {
  return createHash("sha256").update(raw).digest("hex");
}
