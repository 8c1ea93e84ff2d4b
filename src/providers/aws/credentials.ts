import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@smithy/types";
import { invalid } from "../failures.ts";
import type { ProviderCredentials } from "../registry.ts";
import type { AwsEntry } from "./settings.ts";

type Values = Readonly<Record<string, string>>;

const sessionName = "novacron";

/**
 * What signs the site's requests; undefined leaves it to the SDK's own chain. Each kind is as the configuration's
 * `credentials.type` says, or as the keys that are given tell.
 */
export function credentialsOf(
  entry: AwsEntry,
  site: string,
  keptMs: number,
): AwsCredentialIdentityProvider | undefined {
  const { credentials } = entry;
  if (!credentials) return undefined;
  return async (properties) => {
    const given = await credentials();
    const { values } = given;
    const need = (key: string) => required(values, key, site);
    const client = { region: entry.region, ...(entry.endpoint && { endpoint: entry.endpoint }) };
    // Loaded when first used, like all of the SDK.
    const sdk = await import("@aws-sdk/credential-providers");
    switch (kindOf(given)) {
      case "access_key":
        return accessKey(values, need, keptMs);
      case "assumed_role": {
        const role = sdk.fromTemporaryCredentials({
          params: { RoleArn: need("role_arn"), ExternalId: values.external_id, RoleSessionName: sessionName },
          ...(values.access_key && { masterCredentials: async () => accessKey(values, need, keptMs) }),
          clientConfig: client,
        });
        return role(properties);
      }
      case "web_identity": {
        const role = sdk.fromTokenFile({
          roleArn: need("role_arn"),
          webIdentityTokenFile: need("token_file"),
          roleSessionName: sessionName,
          clientConfig: client,
        });
        return role(properties);
      }
      case "instance_role":
        return sdk.fromInstanceMetadata()();
      case "chain":
        return sdk.fromNodeProviderChain({ clientConfig: client })(properties);
      default:
        throw invalid(
          subject(site),
          `AWS has no credentials of the type ${given.type}`,
          "Use access_key, assumed_role, web_identity or instance_role.",
        );
    }
  };
}

function kindOf({ type, values }: ProviderCredentials): string {
  if (type !== undefined) return type;
  if (values.role_arn) return values.token_file ? "web_identity" : "assumed_role";
  return values.access_key ? "access_key" : "chain";
}

function accessKey(values: Values, need: (key: string) => string, keptMs: number): AwsCredentialIdentity {
  return {
    accessKeyId: need("access_key"),
    secretAccessKey: need("secret_key"),
    sessionToken: values.session_token,
    expiration: new Date(Date.now() + keptMs),
  };
}

function required(values: Values, key: string, site: string): string {
  const value = values[key];
  if (value) return value;
  throw invalid(subject(site), `credentials.${key} is missing`, "Add it to the site's entry in the configuration.");
}

function subject(site: string) {
  return { operation: "sign requests to AWS", resource: site };
}
