import type { IncomingMessage } from "node:http";
import type { Answer } from "../cloud/http-front.ts";
import type { GcpCloud } from "./cloud.ts";
import { defaultZone, projectId, projectNumber } from "./places.ts";

export const metadataPrefix = "/computeMetadata/v1";
const scope = "https://www.googleapis.com/auth/cloud-platform";
/** https://cloud.google.com/compute/docs/metadata/querying-metadata: without it the server refuses. */
const flavor = { "metadata-flavor": "Google", server: "Metadata Server for VM (simulated)" };

/**
 * The metadata server, as libraries read it to run as an instance's service account. There is one for this machine;
 * guests are not served.
 */
export function metadataAnswer(cloud: GcpCloud, request: IncomingMessage, path: string): Answer {
  if (request.headers["metadata-flavor"] !== "Google") {
    return text(403, "Missing required header: Metadata-Flavor: Google");
  }
  const { email } = cloud.identity;
  const account = path.slice(metadataPrefix.length).replace(email, "default").replace(/\/$/, "");
  switch (account) {
    case "":
      return text(200, "instance/\nproject/\n");
    case "/instance":
      return text(200, "id\nname\nservice-accounts/\nzone\n");
    case "/project/project-id":
      return text(200, projectId);
    case "/project/numeric-project-id":
      return text(200, projectNumber);
    case "/instance/id":
      return text(200, "4815162342481516234");
    case "/instance/name":
      return text(200, "this-machine");
    case "/instance/zone":
      return text(200, `projects/${projectNumber}/zones/${defaultZone}`);
    case "/instance/service-accounts":
      return text(200, `default/\n${email}/\n`);
    case "/instance/service-accounts/default":
      return json({ aliases: ["default"], email, scopes: [scope] });
    case "/instance/service-accounts/default/email":
      return text(200, email);
    case "/instance/service-accounts/default/scopes":
      return text(200, `${scope}\n`);
    case "/instance/service-accounts/default/token": {
      const { tokenMs } = cloud.settings;
      const access_token = cloud.identity.issue(tokenMs);
      return json({ access_token, expires_in: Math.floor(tokenMs / 1000), token_type: "Bearer" });
    }
    default:
      return text(404, "Not Found");
  }
}

function text(status: number, body: string): Answer {
  return { status, headers: { "content-type": "application/text", ...flavor }, body };
}

function json(value: object): Answer {
  return { status: 200, headers: { "content-type": "application/json", ...flavor }, body: JSON.stringify(value) };
}
