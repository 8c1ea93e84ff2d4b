import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../../domain/errors.ts";
import type { ResourceKind } from "../../domain/resource.ts";
import type { EventsFacet, SiteChange } from "../events-facet.ts";
import type { Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import type { Stream } from "./streams.ts";

/** The stream that a rule of Events fills; README.md says how it is set up. */
export const eventsStream = "novacron-events";
const messagesAtOnce = 200;

/** What a change of such a resource changes here, by the second part of its OCID. */
const kindsOf: Readonly<Record<string, readonly ResourceKind[]>> = {
  // With its instance a volume or an address comes into use, or goes out of it.
  instance: ["volume", "address"],
  volume: ["volume"],
  bootvolume: ["volume"],
  volumeattachment: ["vm", "volume"],
  bootvolumeattachment: ["vm", "volume"],
  volumebackup: ["snapshot", "recovery-point"],
  bootvolumebackup: ["snapshot", "recovery-point"],
  volumegroupbackup: ["snapshot", "recovery-point"],
  image: ["image"],
  vcn: ["network"],
  subnet: ["subnet"],
  networksecuritygroup: ["security-group"],
  publicip: ["address"],
  vnic: ["address"],
  loadbalancer: ["load-balancer"],
  instancepool: ["scaling-group"],
  ipsecconnection: ["tunnel"],
};

/** Events of the compartment, from a stream: each is told once it is there, and again until it was taken. The stream has no
 *  call that waits. */
export class OciEvents implements EventsFacet {
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly SiteChange[]> {
    const stream = await this.#stream(signal);
    const { streams } = this.#oci;
    const groupName = `novacron-${this.#oci.site}`;
    let cursor = await streams.call("createGroupCursor", { stream, groupName }, this.#subject("listen"), signal);
    yield [];
    for (;;) {
      const request = { stream, cursor, limit: messagesAtOnce };
      const { messages, next } = await streams.call("getMessages", request, this.#subject("receive events"), signal);
      cursor = next;
      const changes = messages.flatMap(({ value }) => changesOf(value));
      if (changes.length > 0) yield unique(changes);
      if (messages.length < messagesAtOnce) {
        await sleep(this.#oci.patience.eventsEveryMs, undefined, { signal });
      }
    }
  }

  /** @throws UnsupportedCapability when the compartment has no such stream. */
  async #stream(signal: AbortSignal): Promise<Stream> {
    const subject = this.#subject("listen for events");
    const request = { compartmentId: await this.#oci.compartment(), name: eventsStream };
    const { items } = await this.#oci.streams.call("listStreams", request, subject, signal);
    const [stream] = items;
    if (stream) return stream;
    throw new ProviderError("UnsupportedCapability", {
      ...subject,
      reason: `the compartment has no stream ${eventsStream}, so changes are found at the site's turn`,
      action: "Make the stream and the rule that the Oracle Cloud provider's README describes.",
    });
  }

  #subject(operation: string): Subject {
    return { operation, resource: this.#oci.resource("stream", eventsStream) };
  }
}

/** What an event says has changed; nothing where it is about nothing that is listed. */
export function changesOf(value: string): readonly SiteChange[] {
  const id = resourceIn(value);
  const type = id.split(".")[1] ?? "";
  const about = (kindsOf[type] ?? []).map((kind) => ({ kind }));
  return type === "instance" ? [{ kind: "vm", resourceId: id }, ...about] : about;
}

/** A stream takes messages from others, too. */
function resourceIn(value: string): string {
  try {
    const event = JSON.parse(Buffer.from(value, "base64").toString("utf8")) as {
      data?: { resourceId?: unknown };
    } | null;
    const id = event?.data?.resourceId;
    return typeof id === "string" ? id : "";
  } catch {
    return "";
  }
}

function unique(changes: readonly SiteChange[]): SiteChange[] {
  return [...new Map(changes.map((change) => [`${change.kind}/${change.resourceId ?? ""}`, change])).values()];
}
