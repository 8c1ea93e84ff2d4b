import { createServer, type IncomingMessage, type Server } from "node:http";
import * as z from "zod";
import { isProviderError } from "../domain/errors.ts";
import { type CloudAdmin, cloudRequest } from "./cloud/admin.ts";
import { allDrivers } from "./guest/initramfs.ts";
import type { SandboxSite } from "./site.ts";

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/);
const guestInput = z.strictObject({
  site: z.string(),
  name,
  memoryMib: z.int().min(64).max(65_536).default(256),
  start: z.boolean().default(true),
  drivers: z.array(z.enum(allDrivers)).optional(),
  agent: z.boolean().optional(),
  firmware: z.enum(["bios", "uefi"]).optional(),
});
const dataVmInput = z.strictObject({
  site: z.string(),
  name,
  memoryMib: z.int().min(64).max(65_536).default(128),
  disks: z
    .array(z.strictObject({ sizeBytes: z.int().min(512), dataBytes: z.int().min(0) }))
    .min(1)
    .max(8),
});
const writesInput = z.strictObject({
  site: z.string(),
  vmId: z.string(),
  writes: z
    .array(
      z.strictObject({
        disk: z.int().min(0),
        offset: z.int().min(0),
        length: z
          .int()
          .min(1)
          .max(64 * 2 ** 20),
      }),
    )
    .min(1)
    .max(64),
});
const bodyLimit = 64 * 1024;

/**
 * What only a sandbox can do, over its unix socket: who can open that may do it. docs/sandbox.md lists the calls.
 * `noGuests` says why no guest can be made, where that is so.
 */
export function adminServer(
  sites: readonly SandboxSite[],
  noGuests: string | undefined,
  clouds: readonly CloudAdmin[] = [],
): Server {
  const siteOf = (name: string): SandboxSite => {
    const found = sites.find(({ site }) => site === name);
    if (found) return found;
    throw new RequestError(404, `there is no site ${name}; there are ${sites.map(({ site }) => site).join(", ")}`);
  };
  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const path = new URL(request.url ?? "/", "http://sandbox").pathname;
    const [, what = "", ...rest] = path.split("/");
    const cloud = clouds.find(({ name }) => name === what);
    if (cloud) {
      const body = request.method === "POST" ? await bodyOf(request) : undefined;
      const answered = cloudRequest(cloud, request.method ?? "", rest, body);
      if (answered) return answered;
    }
    const [site = "", vmId = ""] = rest;
    switch (`${request.method} ${what}`) {
      case "GET health":
        return [200, { ok: true }];
      case "GET sites":
        return [
          200,
          {
            sites: sites.map(({ site, type, uri, storagePath }) => ({ site, type, uri, storagePath })),
            guests: noGuests === undefined ? { possible: true } : { possible: false, reason: noGuests },
          },
        ];
      case "POST guests": {
        const { site, ...input } = guestInput.parse(await bodyOf(request));
        return [201, await siteOf(site).createGuest(input)];
      }
      case "POST data-vms": {
        const { site, ...input } = dataVmInput.parse(await bodyOf(request));
        return [201, await siteOf(site).createDataVm(input)];
      }
      case "POST writes": {
        const { site, vmId, writes } = writesInput.parse(await bodyOf(request));
        for (const { disk, offset, length } of writes) await siteOf(site).write(vmId, disk, offset, length);
        return [200, { written: writes.length }];
      }
      case "GET digests":
        return [200, { digests: await siteOf(site).digests(vmId) }];
      case "DELETE guests":
        await siteOf(site).remove(vmId);
        return [200, { removed: vmId }];
      default:
        throw new RequestError(404, `there is no ${request.method} ${path}`);
    }
  };
  return createServer((request, response) => {
    answer(request).then(
      ([status, body]) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      (error: unknown) => {
        const status = error instanceof RequestError ? error.status : error instanceof z.ZodError ? 400 : 500;
        const code = isProviderError(error) ? error.code : "InvalidInput";
        const message =
          error instanceof z.ZodError ? z.prettifyError(error) : ((error as Error).message ?? String(error));
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ code, message }));
      },
    );
  });
}

class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw new RequestError(413, "the body is too large");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new RequestError(400, "the body is not JSON");
  }
}
