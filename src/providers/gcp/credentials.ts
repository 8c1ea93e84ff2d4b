import { readFile } from "node:fs/promises";
import type { GoogleAuth } from "google-auth-library";
import { invalid } from "../failures.ts";
import type { ProviderCredentials } from "../registry.ts";
import type { GcpEntry } from "./settings.ts";

const scopes = ["https://www.googleapis.com/auth/cloud-platform"];

/** What signs the site's requests, and which of its values are secrets. */
export interface Signer {
  readonly auth: GoogleAuth;
  readonly secrets: readonly string[];
  /** That the credentials are of. */
  readonly project?: string;
}

/** Each kind is as the configuration's `credentials.type` says, or as the values that are given tell. */
export async function signerOf(entry: GcpEntry, site: string): Promise<Signer> {
  // Loaded when first used, like all of the SDK.
  const { ExternalAccountClient, GoogleAuth, JWT } = await import("google-auth-library");
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
  const content = await contentOf(given.values, site);
  const { client_email: email, private_key: key, private_key_id: keyId, project_id } = content;
  const project = entry.project ?? project_id;
  const more = project === undefined ? {} : { project };
  const options = project === undefined ? {} : { projectId: project };
  const secrets = [key, keyId].filter((value) => value !== undefined);
  if (kind === "service_account") {
    const jwt = new JWT({ email, key, keyId, scopes });
    // It signs its own tokens: no request is needed to get one.
    jwt.useJWTAccessWithScope = true;
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

function kindOf(given: ProviderCredentials | undefined): string {
  if (given?.type !== undefined) return given.type;
  return given?.values.service_account || given?.values.key_file ? "service_account" : "application_default";
}

/** A service account's key, or a workload identity's configuration: JSON, given as it is or as a file. */
async function contentOf(values: Readonly<Record<string, string>>, site: string): Promise<Record<string, string>> {
  const { service_account: given = "", key_file: file } = values;
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
