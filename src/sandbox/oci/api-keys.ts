import { createHash, createPublicKey } from "node:crypto";
import type * as sdk from "oci-identity";
import { conflict, invalid, limitExceeded, notFound } from "./errors.ts";
import { type Operation, operations } from "./operation.ts";
import type { Registry } from "./registry.ts";
import type { ApiKey } from "./state.ts";
import type { Wire } from "./wire.ts";

/** https://docs.oracle.com/en-us/iaas/Content/Identity/Concepts/usercredentials.htm */
const keysAtMost = 3;

/** The signing keys of the tenancy's user: https://docs.oracle.com/en-us/iaas/api/#/en/identity/20160918/ApiKey/ */
export function apiKeyOperations({ cloud }: Registry): Operation[] {
  const operation = operations("identity");
  const { tenancy, tables } = cloud;
  const own = (userId: string | undefined): ApiKey[] => {
    if (userId !== tenancy.userId) throw notFound("user");
    return tables.apiKeys.where((key) => key.userId === userId);
  };
  const describe = ({ id, userId, publicKey, createdAt }: ApiKey): Wire<sdk.models.ApiKey> => ({
    keyId: `${tenancy.tenancyId}/${userId}/${id}`,
    keyValue: publicKey,
    fingerprint: id,
    userId,
    timeCreated: new Date(createdAt),
    lifecycleState: "ACTIVE",
  });
  return [
    operation(
      "UploadApiKey",
      "POST /users/{userId}/apiKeys",
      { takes: "CreateApiKeyDetails", answers: "ApiKey" },
      (call) => {
        const there = own(call.params.userId);
        const { key } = call.json<sdk.models.CreateApiKeyDetails>();
        const { fingerprint, publicKey } = read(key);
        if (there.some(({ id }) => id === fingerprint)) throw conflict(`The key ${fingerprint} already exists.`);
        if (there.length >= keysAtMost) throw limitExceeded("api-key-count");
        const { userId } = tenancy;
        return { body: describe(tables.apiKeys.put({ id: fingerprint, userId, publicKey, createdAt: Date.now() })) };
      },
    ),
    operation("ListApiKeys", "GET /users/{userId}/apiKeys", { answers: "ApiKey[]" }, ({ params }) => ({
      body: own(params.userId).map(describe),
    })),
    operation("DeleteApiKey", "DELETE /users/{userId}/apiKeys/{fingerprint}", {}, ({ params }) => {
      const key = own(params.userId).find(({ id }) => id === params.fingerprint);
      if (!key) throw notFound("API key");
      tables.apiKeys.delete(key.id);
      return {};
    }),
  ];
}

function read(pem: string): { fingerprint: string; publicKey: string } {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType !== "rsa" || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) throw new TypeError();
    const der = key.export({ type: "spki", format: "der" });
    const digits = createHash("md5").update(der).digest("hex");
    return {
      fingerprint: digits.replace(/..(?=.)/g, "$&:"),
      publicKey: String(key.export({ type: "spki", format: "pem" })),
    };
  } catch {
    throw invalid("key", "is no RSA public key of 2048 bits in PEM");
  }
}
