import type { Image as AzureImage } from "@azure/arm-compute";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import { fromWire } from "./tags.ts";

/** Managed images of the site's resource group. */
export class OwnImages {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  list(subject: Subject, signal: AbortSignal): AsyncGenerator<AzureImage> {
    return this.#azure.computeList(subject, signal, (client, { group, options }) =>
      client.images.listByResourceGroup(group, options),
    );
  }

  find(name: string, subject: Subject, signal: AbortSignal): Promise<AzureImage | undefined> {
    return goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { group, options }) => client.images.get(group, name, options)),
    );
  }

  /** The image that was made of a point. */
  async ofPoint(pointId: string, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    for await (const { name, tags } of this.list(subject, signal)) {
      if (fromWire(tags).notes.point === pointId) return name;
    }
    return undefined;
  }
}
