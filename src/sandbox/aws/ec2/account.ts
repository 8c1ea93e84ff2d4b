import { createHash, generateKeyPairSync } from "node:crypto";
import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import type { Keys } from "../kms/keys.ts";
import { regions, zoneId, zonesOf } from "../regions.ts";
import type { KeyPair } from "../state.ts";
import { ensureDefaultNetwork, resource } from "./default-network.ts";
import { matcher } from "./filters.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";

/** What belongs to the account and its regions rather than to a resource. */
export function accountOperations(registry: Registry, keys: Keys) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;
  const rowsOf = <T extends { readonly name: string }>(rows: readonly T[]) =>
    rows.map((row) => ({ ...row, id: row.name, region: "", createdAt: 0, tags: {} }));

  const describeKey = (key: KeyPair): ec2.KeyPairInfo => ({
    KeyPairId: key.id,
    KeyName: key.name,
    KeyFingerprint: key.fingerprint,
    KeyType: key.type,
    CreateTime: new Date(key.createdAt),
    Tags: tagList(key.tags),
  });
  const addKey = (
    call: Call,
    name: string | undefined,
    publicKey: Buffer,
    type: KeyPair["type"],
    tags: KeyPair["tags"],
  ): KeyPair => {
    if (!name) throw new AwsError("MissingParameter", "The request must contain the parameter KeyName");
    if (tables.keyPairs.find((key) => key.region === call.region && key.name === name)) {
      throw new AwsError("InvalidKeyPair.Duplicate", `The keypair '${name}' already exists.`);
    }
    const fingerprint = createHash("md5")
      .update(publicKey)
      .digest("hex")
      .replace(/..(?=.)/g, "$&:");
    return tables.keyPairs.put({ ...resource("key", call.region, tags), name, fingerprint, type });
  };

  return {
    DescribeRegions: (_call: Call, input: ec2.DescribeRegionsRequest): ec2.DescribeRegionsResult => {
      const unknown = (input.RegionNames ?? []).filter((name) => !(name in regions));
      if (unknown.length > 0) {
        throw new AwsError("InvalidParameterValue", `Invalid region names provided: ${unknown.join(", ")}`);
      }
      const rows = rowsOf(Object.keys(regions).map((name) => ({ name })));
      const matches = matcher<(typeof rows)[number]>(input.Filters, {
        "region-name": ({ name }) => name,
        "opt-in-status": () => "opt-in-not-required",
        endpoint: ({ name }) => `ec2.${name}.amazonaws.com`,
      });
      const shown = rows.filter(
        (row) => matches(row) && (!input.RegionNames?.length || input.RegionNames.includes(row.name)),
      );
      return {
        Regions: shown.map(({ name }) => ({
          RegionName: name,
          Endpoint: `ec2.${name}.amazonaws.com`,
          OptInStatus: "opt-in-not-required",
        })),
      };
    },

    DescribeAvailabilityZones: (
      call: Call,
      input: ec2.DescribeAvailabilityZonesRequest,
    ): ec2.DescribeAvailabilityZonesResult => {
      const rows = rowsOf(zonesOf(call.region).map((name) => ({ name })));
      const matches = matcher<(typeof rows)[number]>(input.Filters, {
        "zone-name": ({ name }) => name,
        "zone-id": ({ name }) => zoneId(name),
        "region-name": () => call.region,
        state: () => "available",
        "zone-type": () => "availability-zone",
        "opt-in-status": () => "opt-in-not-required",
      });
      for (const name of input.ZoneNames ?? []) {
        if (!zonesOf(call.region).includes(name))
          throw new AwsError("InvalidParameterValue", `Invalid availability zones: [${name}]`);
      }
      const shown = rows.filter(
        (row) => matches(row) && (!input.ZoneNames?.length || input.ZoneNames.includes(row.name)),
      );
      return {
        AvailabilityZones: shown.map(({ name }) => ({
          ZoneName: name,
          ZoneId: zoneId(name),
          ZoneType: "availability-zone",
          RegionName: call.region,
          GroupName: call.region,
          NetworkBorderGroup: call.region,
          OptInStatus: "opt-in-not-required",
          State: "available",
          Messages: [],
        })),
      };
    },

    DescribeAccountAttributes: (
      call: Call,
      input: ec2.DescribeAccountAttributesRequest,
    ): ec2.DescribeAccountAttributesResult => {
      const vpc = ensureDefaultNetwork(cloud, call.region);
      const all: Readonly<Record<string, readonly string[]>> = {
        "supported-platforms": ["VPC"],
        "default-vpc": [vpc?.id ?? "none"],
        "vpc-max-security-groups-per-interface": ["5"],
        "max-elastic-ips": ["5"],
        "vpc-max-elastic-ips": ["5"],
      };
      const names = input.AttributeNames?.length ? input.AttributeNames : Object.keys(all);
      return {
        AccountAttributes: names.map((name) => ({
          AttributeName: name,
          AttributeValues: (all[name] ?? []).map((AttributeValue) => ({ AttributeValue })),
        })),
      };
    },

    GetEbsEncryptionByDefault: (call: Call): ec2.GetEbsEncryptionByDefaultResult => ({
      EbsEncryptionByDefault: keys.encryptsByDefault(call.region),
    }),
    EnableEbsEncryptionByDefault: (call: Call): ec2.EnableEbsEncryptionByDefaultResult => {
      keys.setEncryptsByDefault(call.region, true);
      return { EbsEncryptionByDefault: true };
    },
    DisableEbsEncryptionByDefault: (call: Call): ec2.DisableEbsEncryptionByDefaultResult => {
      keys.setEncryptsByDefault(call.region, false);
      return { EbsEncryptionByDefault: false };
    },
    GetEbsDefaultKmsKeyId: (call: Call): ec2.GetEbsDefaultKmsKeyIdResult => ({
      KmsKeyId: keys.defaultKey(call.region),
    }),
    ModifyEbsDefaultKmsKeyId: (
      call: Call,
      input: ec2.ModifyEbsDefaultKmsKeyIdRequest,
    ): ec2.ModifyEbsDefaultKmsKeyIdResult => {
      keys.setDefaultKey(call.region, keys.forEncryption(call.region, input.KmsKeyId));
      return { KmsKeyId: keys.defaultKey(call.region) };
    },
    ResetEbsDefaultKmsKeyId: (call: Call): ec2.ResetEbsDefaultKmsKeyIdResult => {
      keys.setDefaultKey(call.region, undefined);
      return { KmsKeyId: keys.defaultKey(call.region) };
    },

    CreateKeyPair: (call: Call, input: ec2.CreateKeyPairRequest): ec2.KeyPair => {
      if (input.KeyType === "ed25519")
        throw new AwsError("UnsupportedOperation", "Simulated: only RSA key pairs are made here");
      const pair = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        publicKeyEncoding: { type: "spki", format: "der" },
        privateKeyEncoding: { type: "pkcs1", format: "pem" },
      });
      const key = addKey(
        call,
        input.KeyName,
        pair.publicKey,
        "rsa",
        specifiedTags(input.TagSpecifications, "key-pair"),
      );
      return {
        KeyPairId: key.id,
        KeyName: key.name,
        KeyFingerprint: key.fingerprint,
        KeyMaterial: pair.privateKey,
        Tags: tagList(key.tags),
      };
    },
    ImportKeyPair: (call: Call, input: ec2.ImportKeyPairRequest): ec2.ImportKeyPairResult => {
      const material = Buffer.from(input.PublicKeyMaterial ?? []);
      const text = material.toString("utf8");
      if (!/^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+/.test(text)) {
        throw new AwsError("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
      }
      const type = text.startsWith("ssh-rsa") ? "rsa" : "ed25519";
      const key = addKey(call, input.KeyName, material, type, specifiedTags(input.TagSpecifications, "key-pair"));
      return { KeyPairId: key.id, KeyName: key.name, KeyFingerprint: key.fingerprint, Tags: tagList(key.tags) };
    },
    DescribeKeyPairs: (call: Call, input: ec2.DescribeKeyPairsRequest): ec2.DescribeKeyPairsResult => {
      const matches = matcher<KeyPair>(input.Filters, {
        "key-name": ({ name }) => name,
        "key-pair-id": ({ id }) => id,
      });
      const all = registry.all(call, kinds.keyPair);
      for (const name of input.KeyNames ?? []) {
        if (!all.some((key) => key.name === name)) {
          throw new AwsError("InvalidKeyPair.NotFound", `The key pair '${name}' does not exist`);
        }
      }
      const byId = (input.KeyPairIds ?? []).map((id) => registry.find(call, kinds.keyPair, id));
      const byName = all.filter(({ name }) => input.KeyNames?.includes(name));
      const wanted = byId.length + byName.length > 0 ? [...byId, ...byName] : all;
      return { KeyPairs: wanted.filter(matches).map(describeKey) };
    },
    DeleteKeyPair: (call: Call, input: ec2.DeleteKeyPairRequest): object => {
      const key = tables.keyPairs.find(
        (one) => one.region === call.region && (one.id === input.KeyPairId || one.name === input.KeyName),
      );
      if (key) tables.keyPairs.delete(key.id);
      return { Return: true, ...(key ? { KeyPairId: key.id } : {}) };
    },
  };
}
