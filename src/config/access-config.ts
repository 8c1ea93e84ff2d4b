import { type Binding, projectTag, type Role, roles, type Scope } from "../domain/access.ts";
import type { ApprovalRule } from "../domain/approval.ts";
import type { RotatedSecret } from "../domain/rotation.ts";
import { ConfigError } from "./config-error.ts";
import type { Config, SiteConfig } from "./config-types.ts";
import type { FileContent } from "./schema.ts";
import { Secret } from "./secret.ts";
import { type ConfigSource, formatPath, type Path } from "./source.ts";

type OidcConfig = NonNullable<Config["oidc"]>;

const grant = new RegExp(`^(${roles.join("|")}) at (\\S.*?) for (\\S.*)$`);

export function toOidc(content: FileContent["oidc"], source: ConfigSource): OidcConfig | undefined {
  const { issuer, client_id: clientId, client_secret: clientSecret, roles: given = [] } = content;
  if (issuer === undefined) return undefined;
  if (clientId === undefined) throw refusal(source, ["oidc"], "client_id is missing", "Add our client id there.");
  return {
    issuer,
    clientId,
    clientSecret,
    scopes: content.scopes,
    groupsClaim: content.groups_claim,
    roles: given.map((text, index) => {
      const read = readGrant(text);
      if (read) return read;
      const problem = "it must be ROLE at SCOPE for GROUP";
      throw refusal(source, ["oidc", "roles", index], problem, `Write it like \`operator at site:onprem-a for ops\`.`);
    }),
    mfaAmr: content.mfa_amr ?? ["mfa"],
    mfaAcr: content.mfa_acr ?? [],
    mfaMaxAgeMs: content.mfa_max_age,
  };
}

export function toSecrets(content: FileContent["secrets"]): Config["secrets"] {
  const { cache: cacheMs, vault_address: address, aws_region: region } = content;
  return {
    cacheMs,
    ...(address === undefined
      ? {}
      : {
          vault: {
            address,
            namespace: content.vault_namespace,
            token: content.vault_token,
            roleId: content.vault_role_id,
            secretId: content.vault_secret_id,
          },
        }),
    ...(region === undefined ? {} : { aws: { region, endpoint: content.aws_endpoint } }),
  };
}

export function toTemporal(
  content: FileContent["temporal"],
  keysFile: string | undefined,
): Pick<Config["temporal"], "tls" | "apiKey" | "payloadKeys"> {
  const { tls, api_key: apiKey } = content;
  const files = {
    caFile: content.tls_ca_file,
    certFile: content.tls_cert_file,
    keyFile: content.tls_key_file,
    serverName: content.tls_server_name,
  };
  const payloadKeys =
    content.payload_keys ?? (keysFile === undefined ? undefined : new Secret(`\${secret:file:${keysFile}}`));
  return { ...(tls ? { tls: files } : {}), ...(apiKey ? { apiKey } : {}), ...(payloadKeys ? { payloadKeys } : {}) };
}

/** `KIND at SCOPE`, where the kind may be `any`. */
export function toApprovals(given: readonly string[], source: ConfigSource): readonly ApprovalRule[] {
  return given.map((text, index) => {
    const [, kind, scopeText = ""] = /^([a-z][a-z0-9-]*) at (\S.*)$/.exec(text) ?? [];
    const scope = readScope(scopeText);
    if (kind !== undefined && scope) return { ...(kind === "any" ? {} : { kind }), scope };
    const fix = "Write it like `migrate-vm at tag:env=prod`.";
    throw refusal(source, ["approvals", index], "it must be KIND at SCOPE", fix);
  });
}

function readGrant(text: string): { group: string; binding: Binding } | undefined {
  const [, role, scopeText = "", group] = grant.exec(text) ?? [];
  const scope = readScope(scopeText);
  return role === undefined || group === undefined || !scope
    ? undefined
    : { group, binding: { role: role as Role, scope } };
}

function readScope(text: string): Scope | undefined {
  if (text === "everything") return {};
  let site: string | undefined;
  const tags: Record<string, string> = {};
  for (const part of text.split(/\s+/)) {
    const [, kind, rest = ""] = /^(site|project|tag):(.+)$/.exec(part) ?? [];
    const [, key, value] = /^([^=]+)=(.*)$/.exec(rest) ?? [];
    if (kind === "site" && site === undefined) site = rest;
    else if (kind === "project") tags[projectTag] = rest;
    else if (kind === "tag" && key !== undefined && value !== undefined) tags[key] = value;
    else return undefined;
  }
  return { ...(site === undefined ? {} : { site }), ...(Object.keys(tags).length > 0 ? { tags } : {}) };
}

function refusal(source: ConfigSource, path: Path, problem: string, fix: string): ConfigError {
  return new ConfigError({ file: source.file, ...source.position(path), key: formatPath(path), problem, fix });
}

/** @throws ConfigError for `files` without both of them, or files without it. */
export function toApiTls(
  given: { tls?: "off" | "self_made" | "files"; tls_cert_file?: string; tls_key_file?: string },
  source: ConfigSource,
): { tls?: Config["api"]["tls"] } {
  const { tls: kind = "off", tls_cert_file: certFile, tls_key_file: keyFile } = given;
  if (kind === "files" && certFile !== undefined && keyFile !== undefined) return { tls: { kind, certFile, keyFile } };
  if (kind === "files") {
    const missing = certFile === undefined ? "tls_cert_file" : "tls_key_file";
    throw refusal(source, ["api", missing], "it is needed with api.tls: files", "Name the PEM file, or use self_made.");
  }
  if (certFile !== undefined || keyFile !== undefined) {
    throw refusal(source, ["api", "tls"], `certificate files are named, and it is ${kind}`, "Set it to files.");
  }
  return kind === "self_made" ? { tls: { kind: "self-made" } } : {};
}

/** More than the ten minutes for which a worker goes on using a key that it has read. */
const leastGraceMs = 15 * 60_000;

/** @throws ConfigError for a token without a file, a site whose key is in no file, and a grace that cuts users off. */
export function toRotation(
  given: FileContent["rotation"],
  sites: readonly SiteConfig[],
  source: ConfigSource,
): Config["rotation"] {
  const { interval: intervalMs, grace: graceMs, tokens = [], sites: named = [] } = given;
  if (graceMs < leastGraceMs) throw refusal(source, ["rotation", "grace"], "it is too short", "Give it 15m at least.");
  const ofTokens = tokens.map((text, index): RotatedSecret => {
    const [, tokenId, file] = /^(\S+) in (\/.+)$/.exec(text) ?? [];
    if (tokenId !== undefined && file !== undefined) return { kind: "token", tokenId, file };
    throw refusal(source, ["rotation", "tokens", index], "it must be TOKEN_ID in FILE", "Write `ci in /path/to/file`.");
  });
  const ofSites = named.map((name, index): RotatedSecret => {
    const site = sites.find((candidate) => candidate.site === name);
    if (site?.credentials?.from?.reference?.store === "file") return { kind: "site", site: name };
    const problem = site ? "its credentials don't come from a file" : "there is no such site";
    const fix = "Keep the key in a JSON file, and set the site's credentials.from to it.";
    throw refusal(source, ["rotation", "sites", index], problem, fix);
  });
  return { secrets: [...ofTokens, ...ofSites], intervalMs, graceMs };
}
