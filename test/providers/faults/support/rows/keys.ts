import type { KeysFacet } from "../../../../../src/providers/cloud-facets.ts";
import type { Provider } from "../../../../../src/providers/provider.ts";
import { noCapacity, notRepeated, type Row } from "../table.ts";

const keys = ({ keys: facet }: Provider): KeysFacet => facet as KeysFacet;

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
        // Not idempotent: a lost answer leaves a key, and there may be few of them.
        async call(provider, signal) {
          site.cloud.keys.forgetOthers();
          const { keyId } = await keys(provider).createKey("NovaCron test", signal);
          await keys(provider).retireKey(keyId, signal);
        },
        undo: async () => site.cloud.keys.forgetOthers(),
      };
    },
  },
  {
    call: "keys.tryKey",
    at: "sts:GetCallerIdentity",
    lasting: noCapacity,
    async prepare(site) {
      const { values } = site.cloud.keys;
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
        undo: async () => site.cloud.keys.forgetOthers(),
      };
    },
  },
];
