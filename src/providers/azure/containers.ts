import { isProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";

/** Everything of ours that is no bucket of the customer's: replicas, and what is known of them. Made with the first of them,
 *  and kept: Azure gives a container's name free only a while after it was deleted. */
export const replicaContainer = "novacron-replicas";

/** Does what needs the container; where it is missing, makes it and does it again. */
export async function inContainer<T>(
  azure: Azure,
  work: () => Promise<T>,
  subject: Subject,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isProviderError(error, "NotFound") || error.details.facts?.vendorCode !== "ContainerNotFound") throw error;
    await azure.blobs(subject, signal, (service) =>
      service.getContainerClient(replicaContainer).createIfNotExists({ abortSignal: signal }),
    );
    return work();
  }
}
