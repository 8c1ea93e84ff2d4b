import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import type { Document, Documents } from "../cloud/documents.ts";

/** The tenancy that the sandbox is one of, with its only user and that user's API key. */
export interface Tenancy extends Document {
  readonly tenancyId: string;
  readonly userId: string;
  readonly compartmentId: string;
  readonly compartmentName: string;
  readonly fingerprint: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly namespace: string;
  /** Availability domains have other names in every tenancy. */
  readonly prefix: string;
  readonly createdAt: number;
}

export const region = "us-ashburn-1";
export const regionKey = "IAD";
export const regions: Readonly<Record<string, string>> = { [region]: regionKey, "us-phoenix-1": "PHX" };

/** Made once, with keys of its own. */
export function tenancyOf(documents: Documents): Tenancy {
  const table = documents.table<Tenancy>("tenancy");
  const known = table.get("tenancy");
  if (known) return known;
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const der = pair.publicKey.export({ type: "spki", format: "der" });
  return table.put({
    id: "tenancy",
    tenancyId: newOcid("tenancy", ""),
    userId: newOcid("user", ""),
    compartmentId: newOcid("compartment", ""),
    compartmentName: "novacron",
    // https://docs.oracle.com/en-us/iaas/Content/API/Concepts/apisigningkey.htm
    fingerprint: createHash("md5")
      .update(der)
      .digest("hex")
      .replace(/..(?=.)/g, "$&:"),
    privateKey: String(pair.privateKey.export({ type: "pkcs8", format: "pem" })),
    publicKey: String(pair.publicKey.export({ type: "spki", format: "pem" })),
    namespace: `sim${randomBytes(5).toString("hex")}`,
    prefix: randomText(4),
    createdAt: Date.now(),
  });
}

/** https://docs.oracle.com/en-us/iaas/Content/General/Concepts/identifiers.htm: global resources name no region. */
export function newOcid(type: string, regionPart = regionKey.toLowerCase()): string {
  return `ocid1.${type}.oc1.${regionPart}.${randomText(60)}`;
}

export function availabilityDomains({ prefix }: Tenancy): [string, string, string] {
  const name = (number: number) => `${prefix}:${region.toUpperCase().replace(/-1$/, "")}-AD-${number}`;
  return [name(1), name(2), name(3)];
}

/** Base 32 without padding, in small letters. */
function randomText(length: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return [...randomBytes(length)].map((byte) => letters[byte % 32]).join("");
}
