import type { SecretReference } from "../../domain/secret-reference.ts";
import { SecretsManagerStore } from "./aws-secrets-manager.ts";
import { Secrets } from "./index.ts";
import { environmentStore, fileStore } from "./local.ts";
import { VaultStore } from "./vault.ts";

/** A value of the configuration: the secret itself, or where it is. */
export interface SecretSource {
  readonly reference: SecretReference | undefined;
  reveal(): string;
}

export interface SecretSettings {
  readonly cacheMs: number;
  readonly vault?:
    | {
        readonly address: string;
        readonly namespace?: string | undefined;
        readonly token?: SecretSource | undefined;
        readonly roleId?: string | undefined;
        readonly secretId?: SecretSource | undefined;
      }
    | undefined;
  readonly aws?: { readonly region: string; readonly endpoint?: string | undefined } | undefined;
}

export interface SecretSourceSet {
  readonly type?: string | undefined;
  /** A place whose values are taken together. */
  readonly from?: SecretSource | undefined;
  readonly values: Readonly<Record<string, SecretSource>>;
}

/** The stores that are configured, and what reads configured values from them. `onRevealed` hears of every value that
 *  leaves. */
export function createSecrets(
  settings: SecretSettings,
  env: NodeJS.ProcessEnv,
  onRevealed: (secret: string) => void = () => undefined,
) {
  const local = { env: environmentStore(env), file: fileStore };
  // What logs in to a store comes from this machine.
  const here = new Secrets(local, settings.cacheMs);
  const read = async (from: Secrets, source: SecretSource): Promise<string> => {
    const secret = source.reference ? await from.value(source.reference) : source.reveal();
    onRevealed(secret);
    return secret;
  };
  const { vault, aws } = settings;
  const stores = {
    ...local,
    ...(vault
      ? {
          vault: new VaultStore({
            address: vault.address,
            namespace: vault.namespace,
            token: vault.token && (() => read(here, vault.token as SecretSource)),
            appRole:
              vault.roleId !== undefined && vault.secretId
                ? { roleId: vault.roleId, secretId: () => read(here, vault.secretId as SecretSource) }
                : undefined,
          }),
        }
      : {}),
    ...(aws ? { aws: new SecretsManagerStore(aws) } : {}),
  };
  const all = new Secrets(stores, settings.cacheMs);
  return {
    /** The value now. Ask whenever it is needed, and don't keep it. */
    reveal: (source: SecretSource) => read(all, source),
    /** The values now, each under its name in the configuration; what is written out wins over what `from` gives. */
    async revealAll({ type, from, values }: SecretSourceSet) {
      const together = from?.reference ? await all.values(from.reference) : {};
      for (const secret of Object.values(together)) onRevealed(secret);
      const own = await Promise.all(
        Object.entries(values).map(async ([name, source]) => [name, await read(all, source)] as const),
      );
      return { ...(type === undefined ? {} : { type }), values: { ...together, ...Object.fromEntries(own) } };
    },
  };
}
