import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { isProviderError } from "../../src/domain/errors.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { startAwsLab, whyNoGuests } from "../sandbox/aws/support.ts";
import { startAzureLab } from "../sandbox/azure/support.ts";
import { startGcpLab } from "../sandbox/gcp/support.ts";
import { startOciLab } from "../sandbox/oci/support.ts";
import { connectAws } from "./support/aws.ts";
import { addressOf as azureAddress, connectAzure } from "./support/azure.ts";
import { connectGcp } from "./support/gcp.ts";
import { connectOci, addressOf as ociAddress } from "./support/oci.ts";

interface KeyCloud {
  readonly provider: Provider;
  /** As a volume is asked for with it. */
  readonly encryptionKey: string;
  /** What the key's owner does to it. */
  lose(): Promise<void>;
  enable(): Promise<void>;
  close(): Promise<void>;
}

/** Where a setting of the simulation names the keys that are lost. */
const named = (change: (settings: { lostKeys: string[] }) => void, key: string) => ({
  lose: async () => change({ lostKeys: [key] }),
  enable: async () => change({ lostKeys: [] }),
});

const clouds: Readonly<Record<string, () => Promise<KeyCloud>>> = {
  async AWS() {
    const lab = await startAwsLab();
    const { endpoint, cloud } = lab.aws;
    const kms = new KMSClient(lab.config());
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? "";
    return {
      provider: connectAws({ region: "us-east-1", endpoint, keys: cloud.identity.administratorKeys }),
      encryptionKey: KeyMetadata?.Arn ?? "",
      lose: async () => void (await kms.send(new DisableKeyCommand({ KeyId }))),
      enable: async () => void (await kms.send(new EnableKeyCommand({ KeyId }))),
      close: () => lab.close(),
    };
  },
  async Azure() {
    const lab = await startAzureLab();
    const set = { location: lab.azure.location, activeKey: { keyUrl: "https://vault.example/keys/k/1" } };
    const made = await lab.compute().diskEncryptionSets.createOrUpdate(lab.azure.resourceGroup, "sealing", set);
    return {
      provider: connectAzure(azureAddress(lab)),
      encryptionKey: made.id ?? "",
      ...named((settings) => lab.azure.cloud.changeSettings(settings), "sealing"),
      close: () => lab.close(),
    };
  },
  async "Google Cloud"() {
    const lab = await startGcpLab();
    const { project, zone, endpoint, serviceAccountKey: key, cloud } = lab.gcp;
    const encryptionKey = `projects/${project}/locations/us-central1/keyRings/ring/cryptoKeys/sealing`;
    return {
      provider: connectGcp({ project, zone, endpoint, key }),
      encryptionKey,
      ...named((settings) => cloud.changeSettings(settings), encryptionKey),
      close: () => lab.close(),
    };
  },
  async "Oracle Cloud"() {
    const lab = await startOciLab();
    const encryptionKey = "ocid1.key.oc1.iad.sealing";
    return {
      provider: connectOci(ociAddress(lab)),
      encryptionKey,
      ...named((settings) => lab.oci.cloud.changeSettings(settings), encryptionKey),
      close: () => lab.close(),
    };
  },
};

for (const [name, open] of Object.entries(clouds)) {
  describe(`a customer's key at ${name}`, { skip: whyNoGuests() ?? false }, () => {
    test("that is lost is told as such, leaves nothing half made, and serves again once it is enabled", async () => {
      const cloud = await open();
      const { disks } = cloud.provider;
      const signal = AbortSignal.timeout(60_000);
      const { encryptionKey } = cloud;
      const make = (key: string) => disks.createVolume({ sizeBytes: 2 ** 30, encryptionKey, key, tags: {} }, signal);
      const left = async () => (await Array.fromAsync(cloud.provider.census(signal))).map(({ id }) => id).sort();
      try {
        const { volumeId } = await make("before");
        const before = await left();
        await cloud.lose();
        await assert.rejects(make("lost"), (error: unknown) => {
          assert.ok(isProviderError(error, "CloudPermissionDenied"), String(error));
          assert.match(error.details.reason, /customer's key is lost, disabled or not ours to use/);
          assert.match(error.details.action, /Enable the key again/);
          return true;
        });
        assert.deepEqual(await left(), before);
        await cloud.enable();
        for (const made of [volumeId, (await make("lost")).volumeId]) await disks.deleteVolume(made, signal);
      } finally {
        await cloud.provider.close();
        await cloud.close();
      }
    });
  });
}
