import { type Binding, projectTag, type Role, roles } from "../domain/access.ts";
import { ConfigError } from "./config-error.ts";
import type { Config } from "./config-types.ts";
import type { FileContent } from "./schema.ts";
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

function readGrant(text: string): { group: string; binding: Binding } | undefined {
  const [, role, scopeText = "", group] = grant.exec(text) ?? [];
  if (role === undefined || group === undefined) return undefined;
  if (scopeText === "everything") return { group, binding: { role: role as Role, scope: {} } };
  let site: string | undefined;
  const tags: Record<string, string> = {};
  for (const part of scopeText.split(/\s+/)) {
    const [, kind, rest = ""] = /^(site|project|tag):(.+)$/.exec(part) ?? [];
    const [, key, value] = /^([^=]+)=(.*)$/.exec(rest) ?? [];
    if (kind === "site" && site === undefined) site = rest;
    else if (kind === "project") tags[projectTag] = rest;
    else if (kind === "tag" && key !== undefined && value !== undefined) tags[key] = value;
    else return undefined;
  }
  const scope = { ...(site === undefined ? {} : { site }), ...(Object.keys(tags).length > 0 ? { tags } : {}) };
  return { group, binding: { role: role as Role, scope } };
}

function refusal(source: ConfigSource, path: Path, problem: string, fix: string): ConfigError {
  return new ConfigError({ file: source.file, ...source.position(path), key: formatPath(path), problem, fix });
}
