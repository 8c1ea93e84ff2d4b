import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import swaggerUi from "swagger-ui-dist";
import * as z from "zod";
import { ProblemError } from "./problem.ts";
import { type Answer, route } from "./route.ts";

const initialize = `window.ui = SwaggerUIBundle({ url: "/v1/openapi.json", dom_id: "#reference", deepLinking: true, persistAuthorization: false, validatorUrl: null });`;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>NovaCron Federation: API reference</title>
<link rel="stylesheet" href="/v1/reference/swagger-ui.css">
<link rel="icon" type="image/png" href="/v1/reference/favicon-32x32.png">
</head>
<body>
<div id="reference"></div>
<script src="/v1/reference/swagger-ui-bundle.js"></script>
<script>${initialize}</script>
</body>
</html>
`;

/** Only here: Swagger UI sets styles inline and shows images from data URLs; its one inline script is named by its hash. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash("sha256").update(initialize).digest("base64")}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const assets = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
} as const;

export const referenceRoutes = [
  route({
    method: "get",
    path: "/v1/reference",
    operationId: "getReference",
    tag: "about",
    summary: "This reference, to browse",
    permission: "public",
    actor: "anyone",
    audit: undefined,
    responses: { 200: { description: "The page", mediaType: "text/html" } },
    async handle({ response }): Promise<Answer | undefined> {
      response.setHeader("Content-Security-Policy", contentSecurityPolicy);
      response.type("html").send(page);
      return undefined;
    },
  }),
  route({
    method: "get",
    path: "/v1/reference/{asset}",
    operationId: "getReferenceAsset",
    tag: "about",
    summary: "A file of the reference",
    permission: "public",
    actor: "anyone",
    audit: undefined,
    params: z.object({ asset: z.string().max(100) }),
    responses: { 200: { description: "The file", mediaType: "application/octet-stream" } },
    async handle({ params: { asset }, response }): Promise<Answer | undefined> {
      if (!isAsset(asset)) {
        throw new ProblemError("NotFound", {
          detail: `The reference has no file ${asset}`,
          action: "Open /v1/reference.",
        });
      }
      response.setHeader("Cache-Control", "public, max-age=86400");
      response.type(assets[asset]).send(await readFile(join(swaggerUi.getAbsoluteFSPath(), asset)));
      return undefined;
    },
  }),
];

function isAsset(name: string): name is keyof typeof assets {
  return Object.hasOwn(assets, name);
}
