import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import { membersOf } from "./local.ts";
import { type FetchedSecret, onlyValue, type SecretStore } from "./secret-store.ts";

export interface SecretsManagerSettings {
  readonly region: string;
  /** Instead of the vendor's own host. */
  readonly endpoint?: string | undefined;
  /** Absent: what the machine offers (environment, profile, instance role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors */
const codes: Readonly<Record<string, ErrorCode>> = {
  ResourceNotFoundException: "NotFound",
  InvalidRequestException: "NotFound",
  AccessDeniedException: "CloudPermissionDenied",
  DecryptionFailure: "CloudPermissionDenied",
  UnrecognizedClientException: "CloudUnauthenticated",
  InvalidSignatureException: "CloudUnauthenticated",
  CredentialsProviderError: "CloudUnauthenticated",
  ThrottlingException: "RateLimited",
};

/** AWS Secrets Manager, by a secret's name or ARN: the current version, whole or a member of its JSON. */
export class SecretsManagerStore implements SecretStore {
  readonly #settings: SecretsManagerSettings;
  #client: Promise<SecretsManagerClient> | undefined;

  constructor(settings: SecretsManagerSettings) {
    this.#settings = settings;
  }

  async fetch(path: string, signal: AbortSignal): Promise<FetchedSecret> {
    const { GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
    try {
      const client = await (this.#client ??= this.#connect());
      const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: path }), {
        abortSignal: signal,
      });
      if (text === undefined) throw refusal("InvalidInput", path, "it is binary, not text");
      return { values: { [onlyValue]: text, ...membersOf(text) } };
    } catch (cause) {
      if (cause instanceof ProviderError) throw cause;
      const name = cause instanceof Error ? cause.name : "";
      throw refusal(codes[name] ?? "Unavailable", path, name || "it does not answer");
    }
  }

  async #connect(): Promise<SecretsManagerClient> {
    // Heavy, and for those only who use it.
    const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
    const { region, endpoint, credentials } = this.#settings;
    return new SecretsManagerClient({
      region,
      ...(endpoint ? { endpoint } : {}),
      ...(credentials ? { credentials } : {}),
    });
  }
}

function refusal(code: ErrorCode, path: string, reason: string): ProviderError {
  return new ProviderError(code, {
    operation: "fetch a secret",
    resource: `aws:${path}`,
    reason,
    action: "Check secrets.aws_* in the configuration, and what our identity there may read.",
  });
}
