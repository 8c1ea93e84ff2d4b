import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { NextFunction, Request, RequestHandler, Response } from "express";

/** The console as it was built: a page, and files whose names change with what is in them. */
export interface ConsoleSettings {
  /** Folder of the build; looked into at each request until there is one. */
  readonly dir: string;
  /** Temporal's namespace, for links into its UI. */
  readonly temporalNamespace: string;
}

interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly etag: string;
  readonly packed: Map<"br" | "gzip", Promise<Buffer>>;
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const packs = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }),
} as const;

/**
 * Serves the console: its page at every address that a browser asks for and that is not the API's, so that all of what is
 * looked at can be in the address; its files for a year. Without a build, requests go on as if there were none.
 */
export function consolePages({ dir, temporalNamespace }: ConsoleSettings): RequestHandler {
  let opened: Promise<Build> | undefined;
  return async (request: Request, response: Response, next: NextFunction) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      next();
      return;
    }
    if (!opened && !existsSync(join(dir, "index.html"))) {
      next();
      return;
    }
    opened ??= openBuild(dir).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    const build = await opened;
    const asset = build.assets.get(request.path);
    if (asset) await sendAsset(request, response, asset);
    else if (isPage(request)) sendPage(response, build.page, temporalNamespace);
    else next();
  };
}

interface Build {
  readonly page: string;
  /** By the path that they are asked for at. */
  readonly assets: ReadonlyMap<string, Asset>;
}

async function openBuild(dir: string): Promise<Build> {
  const assets = new Map<string, Asset>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const plain = await readFile(file);
    const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
    assets.set(`/${relative(dir, file).split(sep).join("/")}`, { type, plain, etag, packed: new Map() });
  }
  return { page: await readFile(join(dir, "index.html"), "utf8"), assets };
}

/** A browser that goes to an address, not a program that mistyped a path of the API. */
function isPage(request: Request): boolean {
  return !/^\/(?:v1|assets)(?:\/|$)/.test(request.path) && request.accepts(["json", "html"]) === "html";
}

function sendPage(response: Response, page: string, namespace: string): void {
  const nonce = randomBytes(16).toString("base64");
  response.setHeader("Content-Security-Policy", pagePolicy(nonce));
  response.setHeader("Cache-Control", "no-store");
  const facts = `<meta name="style-nonce" content="${nonce}"><meta name="temporal-namespace" content="${escaped(namespace)}">`;
  response.type("html").send(page.replace("</head>", `${facts}</head>`));
}

/** Scripts and styles of ours alone; what libraries add while they run carries the answer's own nonce. */
function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function sendAsset(request: Request, response: Response, asset: Asset): Promise<void> {
  const lasting = request.path.startsWith("/assets/");
  response.setHeader("Cache-Control", lasting ? "public, max-age=31536000, immutable" : "public, max-age=3600");
  response.setHeader("ETag", asset.etag);
  response.vary("Accept-Encoding");
  if (request.get("if-none-match") === asset.etag) {
    response.status(304).end();
    return;
  }
  response.setHeader("Content-Type", asset.type);
  const encoding = request.acceptsEncodings(["br", "gzip", "identity"]);
  if (encoding !== "br" && encoding !== "gzip") {
    response.end(asset.plain);
    return;
  }
  const packed = asset.packed.get(encoding) ?? packs[encoding](asset.plain);
  asset.packed.set(encoding, packed);
  response.setHeader("Content-Encoding", encoding);
  response.end(await packed);
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
