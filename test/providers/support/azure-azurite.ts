import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { startAzureLab } from "../../sandbox/azure/support.ts";
import { bringInAzurite, startAzurite } from "../../support/azurite.ts";
import { startRelay } from "../../support/relay.ts";
import { azuriteDifferences } from "../azurite-differences.ts";
import type { ConformanceHarness } from "../harness.ts";
import { type AzureAddress, addressOf, connectAzure } from "./azure.ts";

/** Fetched when this is loaded. */
const missing = await bringInAzurite();

/** A simulated Azure whose storage account is Azurite's. It takes no tokens over http, so requests are signed on their way. */
export const harness: ConformanceHarness = {
  kind: "azure at Azurite",
  module: import.meta.url,
  timeoutMs: 120_000,
  differences: azuriteDifferences,
  // What lies in blobs alone: objects, and the generations of replicas.
  serves: [
    "a generation holds what was flushed, seals once, and is immutable from then on",
    "a second generation starts as its parent, whose bytes outlive it as long as they are needed",
    "a generation may be larger than the point it starts from",
    "discarding leaves nothing, and nobody brings a discarded generation back",
    "a newer attempt revokes the earlier one and goes on with what is durable",
    "a huge sparse disk costs nothing",
    "makes a bucket of ours once, and deletes what is gone",
    "goes on with an upload that another process began, and reads any part of it",
    "lists a recovery point from its seal until it is deleted",
  ],
  unavailable: () => missing,
  async open() {
    const lab = await startAzureLab();
    const { name, key } = lab.azure.storageAccount;
    const azurite = await startAzurite({ name, key });
    const sas = generateAccountSASQueryParameters(
      {
        expiresOn: new Date(Date.now() + 3_600_000),
        permissions: AccountSASPermissions.parse("rwdxltfiacup"),
        services: AccountSASServices.parse("b").toString(),
        resourceTypes: AccountSASResourceTypes.parse("sco").toString(),
      },
      new StorageSharedKeyCredential(name, key),
    ).toString();
    const signed = (url: string): string => `${url}${url.includes("?") ? "&" : "?"}${sas}`;
    const blobHost = `${name}.blob.core.windows.net`;
    const relay = await startRelay((request) => {
      if (request.headers["x-forwarded-host"] !== blobHost) return { origin: lab.azure.endpoint };
      const source = request.headers["x-ms-copy-source"]?.toString();
      return {
        origin: azurite.origin,
        url: signed(`/${name}${request.url ?? "/"}`),
        headers: {
          host: new URL(azurite.origin).host,
          authorization: undefined,
          ...(source !== undefined && {
            "x-ms-copy-source": signed(source.replace(`https://${blobHost}`, `${azurite.origin}/${name}`)),
          }),
        },
      };
    });
    const descriptor: AzureAddress = { ...addressOf(lab), endpoint: relay.endpoint };
    const provider = connectAzure(descriptor);
    return {
      provider,
      descriptor,
      bus: "hyperv",
      tracking: "changed-blocks",
      wholeLeaves: false,
      writeAsGuest: () => Promise.reject(new Error("Azurite's blobs have no guests")),
      async close() {
        await provider.close();
        await relay.close();
        await azurite.stop();
        await lab.close();
      },
    };
  },
  connect: (descriptor) => connectAzure(descriptor as AzureAddress),
};
