import type { Capabilities } from "./provider.ts";

/** What each kind of site cannot do, with the reason for a person. */
export const capabilities = {
  libvirt: {
    "network.create": "A host's networks are its administrator's; NovaCron uses the ones that are there",
  },
} as const satisfies Readonly<Record<string, Capabilities>>;
