import type * as sts from "@aws-sdk/client-sts";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId, type Credential, type Role } from "../identity.ts";
import { decide, statementsOf } from "../policies.ts";

const leastSeconds = 900;

export function stsOperations({ identity }: AwsCloud) {
  const roleOf = (arn: string | undefined): Role | undefined =>
    identity.roles.get(/^arn:aws:iam::\d{12}:role\/(?:.*\/)?([^/]+)$/.exec(arn ?? "")?.[1] ?? "");
  const denied = (who: string, operation: string, arn: string | undefined): AwsError =>
    new AwsError(
      "AccessDenied",
      `User: ${who} is not authorized to perform: sts:${operation} on resource: ${arn}`,
      403,
    );
  const open = (role: Role, input: { RoleSessionName?: string; DurationSeconds?: number; Policy?: string }) => {
    const seconds = input.DurationSeconds ?? 3600;
    if (seconds < leastSeconds || seconds > role.maxSessionSeconds) {
      throw new AwsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      );
    }
    if (input.Policy !== undefined) statementsOf(input.Policy);
    const name = input.RoleSessionName ?? "";
    if (!/^[\w+=,.@-]{2,64}$/.test(name)) {
      throw new AwsError(
        "ValidationError",
        `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
      );
    }
    const session = identity.createSession(role, name, seconds, input.Policy);
    return {
      Credentials: keysOf(session),
      AssumedRoleUser: {
        AssumedRoleId: `${role.userId}:${name}`,
        Arn: `arn:aws:sts::${accountId}:assumed-role/${role.id}/${name}`,
      },
    };
  };

  return {
    GetCallerIdentity: ({ caller }: Call): sts.GetCallerIdentityResponse => ({
      UserId: caller.userId,
      Account: accountId,
      Arn: caller.arn,
    }),

    AssumeRole: (call: Call, input: sts.AssumeRoleRequest): sts.AssumeRoleResponse => {
      const role = roleOf(input.RoleArn);
      const context: Record<string, string> =
        input.ExternalId === undefined ? {} : { "sts:ExternalId": input.ExternalId };
      if (
        !role ||
        !trusts(role, "AWS", [call.caller.arn, accountId, `arn:aws:iam::${accountId}:root`], "sts:AssumeRole", context)
      ) {
        throw denied(call.caller.arn, "AssumeRole", input.RoleArn);
      }
      return open(role, input);
    },

    AssumeRoleWithWebIdentity: (
      _call: Call,
      input: sts.AssumeRoleWithWebIdentityRequest,
    ): sts.AssumeRoleWithWebIdentityResponse => {
      const claims = claimsOf(input.WebIdentityToken ?? "");
      if (claims.exp !== undefined && claims.exp * 1000 < Date.now()) {
        throw new AwsError(
          "ExpiredTokenException",
          "The web identity token that was passed is expired or is not valid.",
        );
      }
      const role = roleOf(input.RoleArn);
      const issuer = claims.iss.replace(/^https:\/\//, "");
      const provider = `arn:aws:iam::${accountId}:oidc-provider/${issuer}`;
      const context = { [`${issuer}:sub`]: claims.sub, [`${issuer}:aud`]: claims.aud };
      if (!role || !trusts(role, "Federated", [provider, issuer], "sts:AssumeRoleWithWebIdentity", context)) {
        throw new AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
      }
      return {
        ...open(role, input),
        SubjectFromWebIdentityToken: claims.sub,
        Audience: claims.aud,
        Provider: provider,
      };
    },

    GetSessionToken: (call: Call): never => {
      throw new AwsError(
        "AccessDenied",
        `Simulated: sessions of users are not made here (asked by ${call.caller.arn})`,
        403,
      );
    },
  };
}

export function keysOf({ id, secret, sessionToken, expiresAt }: Credential) {
  return {
    AccessKeyId: id,
    SecretAccessKey: secret,
    SessionToken: sessionToken ?? "",
    Expiration: new Date(expiresAt ?? 0),
  };
}

/** Whether the role's trust policy names one of the principals for the action. */
function trusts(
  role: Role,
  kind: "AWS" | "Federated",
  principals: readonly string[],
  action: string,
  context: Readonly<Record<string, string>>,
): boolean {
  const naming = statementsOf(role.trust).filter(({ Principal }) => {
    if (Principal === "*") return true;
    const named = (Principal as Readonly<Record<string, string | readonly string[]>> | undefined)?.[kind] ?? [];
    const list = typeof named === "string" ? [named] : named;
    return list.some((name) => name === "*" || principals.includes(name));
  });
  return decide([JSON.stringify({ Statement: naming })], action, "*", context) === "allowed";
}

/** What a JSON web token says. Its signature is not checked: the sandbox has no issuer to ask. */
function claimsOf(token: string): { iss: string; sub: string; aud: string; exp?: number } {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<
      string,
      unknown
    >;
    const { iss, sub, aud, exp } = claims;
    const audience = Array.isArray(aud) ? (aud[0] as unknown) : aud;
    if (typeof iss === "string" && typeof sub === "string" && typeof audience === "string") {
      return { iss, sub, aud: audience, ...(typeof exp === "number" ? { exp } : {}) };
    }
  } catch {
    // Said below.
  }
  throw new AwsError("InvalidIdentityToken", "The web identity token that was passed could not be validated.");
}
