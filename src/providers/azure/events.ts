import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { ResourceKind } from "../../domain/resource.ts";
import type { EventsFacet, SiteChange } from "../events-facet.ts";
import type { Subject } from "../failures.ts";
import { queueSuffix } from "./budgets.ts";
import type { Azure } from "./client.ts";
import { parseId } from "./names.ts";

/** The queue of the storage account that a subscription of Event Grid fills; README.md says how it is set up. */
export const eventsQueue = "novacron-events";
const scope = "https://storage.azure.com/.default";
/** "Get Messages": the most at once. What was taken and is not deleted in this time is told again. */
const messagesAtOnce = 32;
const takenSeconds = 120;
/** A burst is read as one. */
const mostInABatch = 256;

/** What a change of such a resource changes here, by its type in lower case. */
const kindsOf: Readonly<Record<string, readonly ResourceKind[]>> = {
  // With its VM a disk or an address comes into use, or goes out of it.
  "microsoft.compute/virtualmachines": ["vm", "volume", "address"],
  "microsoft.compute/disks": ["volume"],
  "microsoft.compute/snapshots": ["snapshot", "recovery-point"],
  "microsoft.compute/images": ["image"],
  "microsoft.compute/virtualmachinescalesets": ["scaling-group"],
  "microsoft.network/virtualnetworks": ["network", "subnet"],
  "microsoft.network/networksecuritygroups": ["security-group"],
  "microsoft.network/publicipaddresses": ["address"],
  "microsoft.network/networkinterfaces": ["address"],
  "microsoft.network/loadbalancers": ["load-balancer"],
  "microsoft.network/connections": ["tunnel"],
  "microsoft.network/virtualnetworkgateways": ["tunnel"],
};

interface Message {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
}

/** Event Grid's events of the resource group, from a queue: each is told once it is there, and again until it was taken. The
 *  queue has no call that waits. */
export class AzureEvents implements EventsFacet {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly SiteChange[]> {
    const { resourceGroup } = this.#azure.entry;
    // Says whether there is such a queue; what it gives is told next.
    let messages = await this.#firstLook(signal);
    yield [];
    for (;;) {
      const changes = messages.flatMap(({ body }) => changesOf(body, resourceGroup));
      if (changes.length > 0) yield unique(changes);
      for (const message of messages) await this.#forget(message, signal);
      if (messages.length === 0) await sleep(this.#azure.patience.eventsEveryMs, undefined, { signal });
      messages = await this.#batch(signal);
    }
  }

  /** @throws UnsupportedCapability when the storage account has no such queue. */
  async #firstLook(signal: AbortSignal): Promise<readonly Message[]> {
    try {
      return await this.#batch(signal);
    } catch (error) {
      if (!isProviderError(error, "NotFound")) throw error;
      throw new ProviderError("UnsupportedCapability", {
        ...this.#subject("listen for events"),
        reason: `the storage account has no queue ${eventsQueue}, so changes are found at the site's turn`,
        action: "Make the queue and the subscription that the Azure provider's README describes.",
        cause: error,
      });
    }
  }

  async #batch(signal: AbortSignal): Promise<readonly Message[]> {
    const messages: Message[] = [];
    for (let full = true; full && messages.length < mostInABatch; ) {
      const url = this.#url(`?numofmessages=${messagesAtOnce}&visibilitytimeout=${takenSeconds}`);
      const found = messagesIn(
        await this.#azure.request({ method: "GET", url, scope, headers }, this.#subject("receive events"), signal),
      );
      messages.push(...found);
      full = found.length === messagesAtOnce;
    }
    return messages;
  }

  async #forget({ id, receipt }: Message, signal: AbortSignal): Promise<void> {
    const url = this.#url(`/${id}?popreceipt=${encodeURIComponent(receipt)}`);
    const subject = this.#subject("take events");
    await this.#azure.request({ method: "DELETE", url, scope, headers }, subject, signal).catch((error: unknown) => {
      // Somebody else had it in the meantime, or it is gone.
      if (!isProviderError(error, "NotFound", "InvalidInput")) throw error;
    });
  }

  #url(rest: string): string {
    return `https://${this.#azure.entry.storageAccount}${queueSuffix}/${eventsQueue}/messages${rest}`;
  }

  #subject(operation: string): Subject {
    return { operation, resource: this.#azure.resource("queue", eventsQueue) };
  }
}

const headers = { "x-ms-version": "2021-12-02" };

/** What the queue's XML holds; ids, receipts and base64 need no more of XML than this. */
function messagesIn(xml: string): Message[] {
  return [...xml.matchAll(/<QueueMessage>(.*?)<\/QueueMessage>/gs)].map(([, inside = ""]) => {
    const of = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(inside)?.[1] ?? "";
    return { id: of("MessageId"), receipt: of("PopReceipt"), body: of("MessageText") };
  });
}

/** What an event says has changed in the group; nothing where it is about nothing that is listed. */
export function changesOf(body: string, resourceGroup: string): readonly SiteChange[] {
  const { subject = "" } = parsed(body);
  if (parseId(subject).group.toLowerCase() !== resourceGroup.toLowerCase()) return [];
  const [, provider = "", type = ""] = /\/providers\/([^/]+)\/([^/]+)/i.exec(subject) ?? [];
  // Events spell names as they like: a list has them as they are.
  return (kindsOf[`${provider}/${type}`.toLowerCase()] ?? []).map((kind) => ({ kind }));
}

function parsed(body: string): { readonly subject?: string } {
  try {
    const event: unknown = JSON.parse(Buffer.from(body, "base64").toString("utf8"));
    return typeof event === "object" && event !== null ? event : {};
  } catch {
    return {};
  }
}

function unique(changes: readonly SiteChange[]): SiteChange[] {
  return [...new Map(changes.map((change) => [change.kind, change])).values()];
}
