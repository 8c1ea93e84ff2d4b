import { isProviderError } from "../../domain/errors.ts";
import { notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Oci } from "./client.ts";
import type { BootVolumeAttachment, Instance, Subnet, Vcn, VnicAttachment, VolumeAttachment } from "./models.ts";
import { lookUpWithinMs, shared } from "./wait.ts";

const limit = 1_000;

/** What Oracle shows of the compartment, in pages. */
export class OciView {
  readonly #oci: Oci;
  #domains: Promise<readonly string[]> | undefined;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  /** Also those that are about to end; not those that have. */
  async *instances(subject: Subject, signal: AbortSignal): AsyncGenerator<Instance> {
    const compartmentId = await this.#oci.compartment();
    yield* alive(
      items((page) => this.#oci.compute.call("listInstances", { compartmentId, limit, page }, subject, signal)),
    );
  }

  /** @throws NotFound also for one that has been terminated. */
  async instance(instanceId: string, subject: Subject, signal: AbortSignal): Promise<Instance> {
    const found = await this.findInstance(instanceId, subject, signal);
    if (found) return found;
    throw notFound(subject, "Oracle Cloud shows no such instance");
  }

  /** Undefined for one that has been terminated, too. */
  async findInstance(instanceId: string, subject: Subject, signal: AbortSignal): Promise<Instance | undefined> {
    const instance = await this.lastSeen(instanceId, subject, signal);
    return instance && !isOver(instance) ? instance : undefined;
  }

  /** A terminated instance is shown for a while. */
  async lastSeen(instanceId: string, subject: Subject, signal: AbortSignal): Promise<Instance | undefined> {
    if (!isId(instanceId, "instance")) return undefined;
    const answer = await goneIsUndefined(this.#oci.compute.call("getInstance", { instanceId }, subject, signal));
    return answer?.instance;
  }

  /** Disks that instances boot from; of one instance, or of one volume, where that is given. */
  async bootAttachments(
    filter: { instanceId?: string; bootVolumeId?: string; availabilityDomain?: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<BootVolumeAttachment[]> {
    const compartmentId = await this.#oci.compartment();
    const domains =
      filter.availabilityDomain === undefined
        ? await this.availabilityDomains(subject, signal)
        : [filter.availabilityDomain];
    const found: BootVolumeAttachment[] = [];
    for (const availabilityDomain of domains) {
      const listed = items((page) =>
        this.#oci.compute.call(
          "listBootVolumeAttachments",
          { ...filter, compartmentId, availabilityDomain, limit, page },
          subject,
          signal,
        ),
      );
      for await (const attachment of listed) if (isHeld(attachment)) found.push(attachment);
    }
    return found;
  }

  /** Disks beside the one that an instance boots from. */
  async dataAttachments(
    filter: { instanceId?: string; volumeId?: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<VolumeAttachment[]> {
    const compartmentId = await this.#oci.compartment();
    const listed = items((page) =>
      this.#oci.compute.call("listVolumeAttachments", { ...filter, compartmentId, limit, page }, subject, signal),
    );
    return (await Array.fromAsync(listed)).filter(isHeld);
  }

  async vnicAttachments(
    filter: { instanceId?: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<VnicAttachment[]> {
    const compartmentId = await this.#oci.compartment();
    const listed = items((page) =>
      this.#oci.compute.call("listVnicAttachments", { ...filter, compartmentId, limit, page }, subject, signal),
    );
    return (await Array.fromAsync(listed)).filter(isHeld);
  }

  async *vcns(subject: Subject, signal: AbortSignal): AsyncGenerator<Vcn> {
    const compartmentId = await this.#oci.compartment();
    yield* alive(items((page) => this.#oci.network.call("listVcns", { compartmentId, limit, page }, subject, signal)));
  }

  async *subnets(vcnId: string | undefined, subject: Subject, signal: AbortSignal): AsyncGenerator<Subnet> {
    const compartmentId = await this.#oci.compartment();
    const filter = { compartmentId, limit, ...(vcnId !== undefined && { vcnId }) };
    yield* alive(items((page) => this.#oci.network.call("listSubnets", { ...filter, page }, subject, signal)));
  }

  /** They don't change. */
  availabilityDomains(subject: Subject, signal: AbortSignal): Promise<readonly string[]> {
    this.#domains ??= this.#readDomains(subject, AbortSignal.timeout(lookUpWithinMs)).catch((error: unknown) => {
      this.#domains = undefined;
      throw error;
    });
    return shared(this.#domains, signal);
  }

  async #readDomains(subject: Subject, signal: AbortSignal): Promise<readonly string[]> {
    const compartmentId = await this.#oci.tenancy();
    const answer = await this.#oci.identity.call("listAvailabilityDomains", { compartmentId }, subject, signal);
    return answer.items.flatMap(({ name }) => name ?? []).sort();
  }

  /** What has just been made, once Oracle shows it; undefined when it does not. */
  async shown<T>(look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
    const { patience } = this.#oci;
    return poll(look, patience, signal, patience.consistencyMs);
  }
}

/** One page after the other; a page may be empty and have a successor. */
export async function* items<T>(
  fetch: (page: string) => Promise<{ items: readonly T[]; opcNextPage?: string }>,
): AsyncGenerator<T> {
  // The SDK leaves out what is empty.
  let page = "";
  do {
    const answer = await fetch(page);
    yield* answer.items;
    page = answer.opcNextPage ?? "";
  } while (page !== "");
}

const over: ReadonlySet<string> = new Set(["TERMINATED", "DELETED"]);

export function isOver({ lifecycleState }: { readonly lifecycleState?: string }): boolean {
  return over.has(lifecycleState ?? "");
}

/** What has ended is listed for a while. */
export async function* alive<T extends { readonly lifecycleState?: string }>(
  found: AsyncIterable<T>,
): AsyncGenerator<T> {
  for await (const one of found) if (!isOver(one) && one.lifecycleState !== "TERMINATING") yield one;
}

function isHeld({ lifecycleState }: { readonly lifecycleState?: string }): boolean {
  return lifecycleState !== "DETACHED";
}

/** Whether an OCID is one of a kind (`instance`, `bootvolume`, `volume`). */
export function isId(id: string, kind: string): boolean {
  return id.startsWith(`ocid1.${kind}.`);
}

/** An OCID that Oracle no longer knows, or never did. */
export async function goneIsUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isProviderError(error, "NotFound")) return undefined;
    throw error;
  }
}
