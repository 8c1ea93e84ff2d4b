import { readFile } from "node:fs/promises";
import type * as AuthSdk from "google-auth-library";
import { invalid } from "../failures.ts";
import type { ProviderCredentials } from "../registry.ts";
import type { GcpEntry } from "./settings.ts";

const scopes = ["https://www.googleapis.com/auth/cloud-platform"];

/** What signs the site's requests, and which of its values are secrets. */
export interface Signer {
  readonly auth: AuthSdk.GoogleAuth;
  /** As they are now. */
  readonly secrets: readonly string[];
  /** That the credentials are of. */
  readonly project?: string;
}

/** Each kind is as the configuration's `credentials.type` says, or as the values that are given tell. */
export async function signerOf(entry: GcpEntry, site: string, keptMs: number): Promise<Signer> {
  // Loaded when first used, like all of the SDK.
  const sdk = await import("google-auth-library");
  const { ExternalAccountClient, GoogleAuth } = sdk;
  const given = await entry.credentials?.();
  const kind = kindOf(given);
  if (given === undefined || kind === "application_default") {
    return { auth: new GoogleAuth({ scopes, ...(entry.project && { projectId: entry.project }) }), secrets: [] };
  }
  if (kind !== "service_account" && kind !== "workload_identity") {
    throw invalid(
      subject(site),
      `Google Cloud has no credentials of the type ${kind}`,
      "Use service_account, workload_identity or application_default.",
    );
  }
  const content = await keyContentOf(given.values, site);
  const { client_email: email, private_key: key, private_key_id: keyId, project_id } = content;
  const project = entry.project ?? project_id;
  const more = project === undefined ? {} : { project };
  const options = project === undefined ? {} : { projectId: project };
  const secrets = [key, keyId].filter((value) => value !== undefined);
  if (kind === "service_account") {
    const again = async () => {
      const now = await keyContentOf((await entry.credentials?.())?.values ?? {}, site);
      secrets.splice(
        0,
        secrets.length,
        ...[now.private_key, now.private_key_id].filter((value) => value !== undefined),
      );
      return now;
    };
    const jwt = keptFresh(sdk, { email, key, keyId, scopes }, keptMs, again);
    return { auth: new GoogleAuth({ authClient: jwt, ...options }), secrets, ...more };
  }
  const external = ExternalAccountClient.fromJSON({ ...content, scopes } as never);
  if (external) return { auth: new GoogleAuth({ authClient: external, ...options }), secrets, ...more };
  throw invalid(
    subject(site),
    "its credentials are not the configuration of a workload identity",
    "Give the file that `gcloud iam workload-identity-pools create-cred-config` made.",
  );
}

/** Signs its own tokens, so no request is needed to get one; the key may be exchanged where it is kept. */
function keptFresh(
  { JWT }: typeof AuthSdk,
  options: AuthSdk.JWTOptions,
  keptMs: number,
  again: () => Promise<Readonly<Record<string, string>>>,
): AuthSdk.JWT {
  let readAt = performance.now();
  class Fresh extends JWT {
    protected override async getRequestMetadataAsync(url?: string | null) {
      if (performance.now() - readAt > keptMs) {
        readAt = performance.now();
        const now = await again().catch((error: unknown) => {
          // Soon again: the key at hand may be about to end.
          readAt = performance.now() - keptMs * (1 - 1 / 60);
          throw error;
        });
        const { client_email: email, private_key: key, private_key_id: keyId } = now;
        if (keyId !== this.keyId || key !== this.key) {
          Object.assign(this, { email, key, keyId });
          // What it made of the key before.
          Reflect.deleteProperty(this, "access");
        }
      }
      return super.getRequestMetadataAsync(url);
    }
  }
  const jwt = new Fresh(options);
  jwt.useJWTAccessWithScope = true;
  return jwt;
}

function kindOf(given: ProviderCredentials | undefined): string {
  if (given?.type !== undefined) return given.type;
  const { service_account, key_file, private_key } = given?.values ?? {};
  return service_account || key_file || private_key ? "service_account" : "application_default";
}

/** A service account's key, or a workload identity's configuration: JSON, given as it is, as its members or as a file. */
export async function keyContentOf(
  values: Readonly<Record<string, string>>,
  site: string,
): Promise<Record<string, string>> {
  const { service_account: given = "", key_file: file, private_key: member } = values;
  if (member !== undefined) return values;
  // Beside a file it may only name the account.
  const isContent = given.trimStart().startsWith("{") || file === undefined;
  const text = isContent ? given : await readFile(file, "utf8").catch(() => "");
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null) return content as Record<string, string>;
  } catch {
    // The parser's message would quote what it read.
  }
  throw invalid(
    subject(site),
    "its credentials are not the JSON of a key or of a workload identity",
    "Give the file that Google made as credentials.service_account, or its path as credentials.key_file.",
  );
}

function subject(site: string) {
  return { operation: "sign requests to Google Cloud", resource: site };
}
