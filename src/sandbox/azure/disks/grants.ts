import { randomBytes, randomUUID } from "node:crypto";
import type { AzureCloud } from "../cloud.ts";
import { AzureError, invalidParameter } from "../errors.ts";
import type { Grant } from "../state.ts";

/** https://learn.microsoft.com/rest/api/compute/disks/grant-access; 60 days is the portal's and the CLI's most. */
const mostSeconds = 60 * 24 * 3600;
const host = "blob.storage.azure.net";

/** Shared access signatures of managed disks, snapshots and serial logs. */
export class Grants {
  readonly #cloud: AzureCloud;

  constructor(cloud: AzureCloud) {
    this.#cloud = cloud;
  }

  /** Those of a resource; with `valid`, only those that have not expired. */
  of(resourceId: string, valid = false): Grant[] {
    return this.#cloud.tables.grants.where(
      (grant) => grant.resourceId === resourceId && (!valid || grant.expiresAt > Date.now()),
    );
  }

  make(resourceId: string, access: Grant["access"], seconds: number, layerId?: string): string {
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > mostSeconds)
      throw invalidParameter("durationInSeconds", `it must be between 1 and ${mostSeconds}`);
    const name = access === "Log" ? "serialconsole.log" : "abcd";
    const prefix = access === "Write" ? "md-impexp" : "md";
    const grant = this.#cloud.tables.grants.put({
      id: `${prefix}-${randomBytes(6).toString("hex")}.z1.${host}/${randomBytes(6).toString("hex")}/${name}`,
      resourceId,
      access,
      signature: randomBytes(32).toString("base64"),
      policy: randomUUID(),
      expiresAt: Date.now() + seconds * 1000,
      ...(layerId === undefined ? {} : { layerId }),
    });
    return this.url(grant);
  }

  url({ id, policy, signature }: Grant): string {
    return `https://${id}?sv=2018-03-28&sr=b&si=${policy}&sig=${encodeURIComponent(signature)}`;
  }

  revoke(resourceId: string): void {
    for (const { id } of this.of(resourceId)) this.#cloud.tables.grants.delete(id);
  }

  /** @throws AzureError AuthenticationFailed for a signature that is false, revoked or expired. */
  find(address: string, query: URLSearchParams): Grant {
    const grant = this.#cloud.tables.grants.get(address);
    if (!grant || grant.signature !== query.get("sig")) throw failed("Signature did not match.");
    if (grant.expiresAt <= Date.now()) {
      const at = new Date(grant.expiresAt).toUTCString();
      throw failed(
        `Signature not valid in the specified time frame: Expiry [${at}] - Current [${new Date().toUTCString()}]`,
      );
    }
    return grant;
  }

  /** By a whole signed URL. @throws as {@link find}, InvalidHeaderValue for what is no URL. */
  findUrl(url: string): Grant {
    if (!URL.canParse(url)) throw new AzureError("InvalidHeaderValue", `${url} is not a URL.`);
    const { host: name, pathname, searchParams } = new URL(url);
    return this.find(`${name}${pathname}`, searchParams);
  }
}

export function isManagedHost(name: string): boolean {
  return name.startsWith("md-") && name.endsWith(`.${host}`);
}

function failed(detail: string): AzureError {
  return new AzureError(
    "AuthenticationFailed",
    `Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature. ${detail}`,
    403,
  );
}
