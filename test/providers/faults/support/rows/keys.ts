import type { KeysFacet } from "../../../../../src/providers/cloud-facets.ts";
import type { Provider } from "../../../../../src/providers/provider.ts";
import type { FaultSite } from "../fault-site.ts";
import { noCapacity, notRepeated, type Row } from "../table.ts";

const keys = ({ keys: facet }: Provider): KeysFacet => facet as KeysFacet;

/** Takes away what an administrator would: keys of ours whose secret nobody was told. */
function forgetOthers({ lab, keyId }: FaultSite): void {
  const { credentials } = lab.aws.cloud.identity;
  for (const { id } of credentials.where((key) => key.userName !== undefined && key.id !== keyId)) {
    credentials.delete(id);
  }
}

export const keyRows: readonly Row[] = [
  {
    call: "keys.listKeys",
    at: "iam:ListAccessKeys",
    lasting: noCapacity,
    prepare: async () => ({ call: (provider, signal) => keys(provider).listKeys(signal) }),
  },
  {
    call: "keys.createKey",
    at: "iam:CreateAccessKey",
    lasting: noCapacity,
    passing: notRepeated,
    async prepare(site) {
      return {
        // Not idempotent: a lost answer leaves a key, and IAM gives a user two at most.
        async call(provider, signal) {
          forgetOthers(site);
          const { keyId } = await keys(provider).createKey("NovaCron test", signal);
          await keys(provider).retireKey(keyId, signal);
        },
        undo: async () => forgetOthers(site),
      };
    },
  },
  {
    call: "keys.tryKey",
    at: "sts:GetCallerIdentity",
    lasting: noCapacity,
    async prepare(site) {
      const { id, secret } = site.lab.aws.cloud.identity.administratorKeys;
      const values = { access_key: id, secret_key: secret };
      return { call: (provider, signal) => keys(provider).tryKey(values, signal) };
    },
  },
  {
    call: "keys.retireKey",
    at: "iam:DeleteAccessKey",
    lasting: { ...noCapacity, "not-found": "ok" },
    passing: { "not-found": "ok" },
    async prepare(site) {
      const { keyId } = await keys(site.provider).createKey("NovaCron test", site.signal());
      return {
        call: (provider, signal) => keys(provider).retireKey(keyId, signal),
        undo: async () => forgetOthers(site),
      };
    },
  },
];
