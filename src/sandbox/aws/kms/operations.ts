import type * as kms from "@aws-sdk/client-kms";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import { ebsAlias, type Key, type Keys, keyArn } from "./keys.ts";

const dayMs = 24 * 3_600_000;

/** Keys and their states: what a plan and a preflight need to know. Nothing is encrypted with them here. */
export function kmsOperations(keys: Keys) {
  const find = ({ region }: Call, name: string | undefined): Key => {
    const key = keys.find(region, name ?? "");
    if (key) return key;
    const what = name?.includes("alias/") ? "Alias" : "Key";
    throw new AwsError("NotFoundException", `${what} '${name}' does not exist`);
  };
  const describe = (key: Key): kms.KeyMetadata => ({
    AWSAccountId: accountId,
    KeyId: key.id,
    Arn: keyArn(key),
    CreationDate: new Date(key.createdAt),
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: key.state,
    ...(key.deletionAt === undefined ? {} : { DeletionDate: new Date(key.deletionAt) }),
    Origin: "AWS_KMS",
    KeyManager: key.manager,
    KeySpec: "SYMMETRIC_DEFAULT",
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: false,
  });
  const owned = (key: Key): Key => {
    if (key.manager === "CUSTOMER") return key;
    throw new AwsError("AccessDeniedException", `${keyArn(key)} is managed by AWS`);
  };

  return {
    CreateKey: ({ region }: Call, input: kms.CreateKeyRequest): kms.CreateKeyResponse => {
      const tags = Object.fromEntries((input.Tags ?? []).map(({ TagKey, TagValue }) => [TagKey ?? "", TagValue ?? ""]));
      return {
        KeyMetadata: describe(keys.create(region, { description: input.Description ?? "", manager: "CUSTOMER", tags })),
      };
    },
    DescribeKey: (call: Call, input: kms.DescribeKeyRequest): kms.DescribeKeyResponse => ({
      KeyMetadata: describe(find(call, input.KeyId)),
    }),
    ListKeys: ({ region }: Call): kms.ListKeysResponse => ({
      Keys: keys.table.where((key) => key.region === region).map((key) => ({ KeyId: key.id, KeyArn: keyArn(key) })),
      Truncated: false,
    }),
    CreateAlias: (call: Call, input: kms.CreateAliasRequest): object => {
      const alias = input.AliasName ?? "";
      if (!/^alias\/(?!aws\/)[\w/-]+$/.test(alias))
        throw new AwsError("InvalidAliasNameException", `${alias} is not a valid alias`);
      if (keys.find(call.region, alias))
        throw new AwsError("AlreadyExistsException", `An alias with the name ${alias} already exists`);
      keys.table.change(owned(find(call, input.TargetKeyId)).id, { alias });
      return {};
    },
    ListAliases: ({ region }: Call): kms.ListAliasesResponse => {
      keys.find(region, ebsAlias);
      const named = keys.table.where((key) => key.region === region && key.alias !== undefined);
      return {
        Aliases: named.map(({ id, alias = "" }) => ({
          AliasName: alias,
          AliasArn: `arn:aws:kms:${region}:${accountId}:${alias}`,
          TargetKeyId: id,
        })),
        Truncated: false,
      };
    },
    DisableKey: (call: Call, input: kms.DisableKeyRequest): object => {
      keys.table.change(owned(find(call, input.KeyId)).id, { state: "Disabled" });
      return {};
    },
    EnableKey: (call: Call, input: kms.EnableKeyRequest): object => {
      const key = owned(find(call, input.KeyId));
      if (key.state === "PendingDeletion")
        throw new AwsError("KMSInvalidStateException", `${keyArn(key)} is pending deletion.`);
      keys.table.change(key.id, { state: "Enabled" });
      return {};
    },
    ScheduleKeyDeletion: (call: Call, input: kms.ScheduleKeyDeletionRequest): kms.ScheduleKeyDeletionResponse => {
      const key = owned(find(call, input.KeyId));
      const days = input.PendingWindowInDays ?? 30;
      const deletionAt = Date.now() + days * dayMs;
      keys.table.change(key.id, { state: "PendingDeletion", deletionAt });
      return {
        KeyId: keyArn(key),
        DeletionDate: new Date(deletionAt),
        KeyState: "PendingDeletion",
        PendingWindowInDays: days,
      };
    },
  };
}
