import { randomUUID } from "node:crypto";
import type { AwsCloud } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Resource } from "../state.ts";

export interface Key extends Resource {
  /** `alias/…`, where it has one. */
  readonly alias?: string;
  readonly description: string;
  readonly manager: "AWS" | "CUSTOMER";
  readonly state: "Enabled" | "Disabled" | "PendingDeletion";
  readonly deletionAt?: number;
}

export const ebsAlias = "alias/aws/ebs";

export function keyArn({ region, id }: Key): string {
  return `arn:aws:kms:${region}:${accountId}:key/${id}`;
}

/** The region's keys. AWS's own key for EBS is made when it is first needed, as there. */
export class Keys {
  readonly #cloud: AwsCloud;
  readonly table;

  constructor(cloud: AwsCloud) {
    this.#cloud = cloud;
    this.table = cloud.documents.table<Key>("kms-key");
  }

  create(region: string, fields: Pick<Key, "description" | "manager"> & { alias?: string; tags?: Key["tags"] }): Key {
    return this.table.put({ id: randomUUID(), region, createdAt: Date.now(), tags: {}, state: "Enabled", ...fields });
  }

  /** By id, ARN, alias or the alias' ARN. */
  find(region: string, name: string): Key | undefined {
    const text = name.replace(/^arn:aws:kms:[^:]+:\d+:(?:key\/)?/, "");
    if (text === ebsAlias) {
      const known = this.table.find((key) => key.region === region && key.alias === ebsAlias);
      const description = "Default key that protects my EBS volumes when no other key is defined";
      return known ?? this.create(region, { alias: ebsAlias, description, manager: "AWS" });
    }
    return this.table.find((key) => key.region === region && (key.id === text || key.alias === text));
  }

  /** What a volume or snapshot is encrypted with: the given key, else the region's default.
   *  @throws AwsError InvalidKMSKey.NotFound, InvalidKMSKey.InvalidState. */
  forEncryption(region: string, name: string | undefined): string {
    const key = this.find(region, name ?? this.defaultKey(region));
    if (!key) throw new AwsError("InvalidKMSKey.NotFound", `The KMS key ${name} does not exist`);
    if (key.state !== "Enabled") {
      throw new AwsError(
        "InvalidKMSKey.InvalidState",
        `The KMS key ${keyArn(key)} is in an incorrect state (${key.state}) for this request`,
      );
    }
    return keyArn(key);
  }

  /** Whether something encrypted with the key can be used now. */
  isUsable(arn: string): boolean {
    const key = this.find(arn.split(":")[3] ?? "", arn);
    return key?.state === "Enabled";
  }

  defaultKey(region: string): string {
    return (this.#cloud.tables.settings.get(`ebs-default-key/${region}`)?.value as string | undefined) ?? ebsAlias;
  }

  setDefaultKey(region: string, name: string | undefined): void {
    const id = `ebs-default-key/${region}`;
    if (name === undefined) this.#cloud.tables.settings.delete(id);
    else this.#cloud.tables.settings.put({ id, value: name });
  }

  encryptsByDefault(region: string): boolean {
    return this.#cloud.tables.settings.get(`ebs-encryption/${region}`)?.value === true;
  }

  setEncryptsByDefault(region: string, wanted: boolean): void {
    this.#cloud.tables.settings.put({ id: `ebs-encryption/${region}`, value: wanted });
  }

  /** How something new is encrypted, given what was asked for and what it is made of. */
  encryption(
    region: string,
    wish: { encrypted?: boolean; keyId?: string },
    origin?: { encrypted: boolean; kmsKeyArn?: string },
  ): { encrypted: boolean; kmsKeyArn?: string } {
    if (wish.keyId !== undefined && wish.encrypted === false) {
      throw new AwsError(
        "InvalidParameterDependency",
        "The parameter KmsKeyId requires the parameter Encrypted to be set.",
      );
    }
    const encrypted = wish.encrypted === true || origin?.encrypted === true || this.encryptsByDefault(region);
    if (!encrypted) return { encrypted: false };
    const kept = origin?.encrypted === true && wish.keyId === undefined ? origin.kmsKeyArn : undefined;
    return { encrypted: true, kmsKeyArn: this.forEncryption(region, kept ?? wish.keyId) };
  }
}
