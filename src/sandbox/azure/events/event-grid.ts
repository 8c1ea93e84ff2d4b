import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { ArmRequest, Route } from "../arm/request.ts";
import type { AzureCloud } from "../cloud.ts";
import { AzureError, resourceNotFound } from "../errors.ts";
import type { EventSubscription } from "../state.ts";
import type { Queues } from "./queues.ts";

const type = "Microsoft.EventGrid/eventSubscriptions";
const verbs: Readonly<Record<string, string>> = { DELETE: "Delete", POST: "Action" };

/** What of a subscription is simulated: events of a resource group, into a queue of the storage account. */
const wished = z.object({
  destination: z.object({
    endpointType: z.literal("StorageQueue"),
    properties: z.object({ resourceId: z.string(), queueName: z.string() }),
  }),
  filter: z.object({ includedEventTypes: z.array(z.string()) }),
});

/** Event Grid's events of a resource group: https://learn.microsoft.com/azure/event-grid/event-schema-resource-groups */
export class EventGrid {
  readonly #cloud: AzureCloud;
  readonly #queues: Queues;

  constructor(cloud: AzureCloud, queues: Queues) {
    this.#cloud = cloud;
    this.#queues = queues;
  }

  /** Tells who subscribed of a change that has succeeded. */
  changed(resourceId: string, method: string): void {
    const { resources, eventSubscriptions } = this.#cloud.tables;
    const { subscriptionId, tenantId } = this.#cloud.account;
    const [, , , , group = ""] = resourceId.split("/");
    const subject = resources.get(resourceId)?.path ?? resourceId;
    const eventType = `Microsoft.Resources.Resource${verbs[method] ?? "Write"}Success`;
    const topic = `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
    const [, provider = "", rest = ""] = /\/providers\/([^/]+)\/([^/]+)/.exec(subject) ?? [];
    const operationName = `${provider}/${rest}/${(verbs[method] ?? "Write").toLowerCase()}`;
    const data = { resourceUri: subject, operationName, status: "Succeeded", subscriptionId, tenantId };
    const event = {
      ...{ id: randomUUID(), topic, subject, eventType, eventTime: new Date().toISOString(), data },
      ...{ dataVersion: "2", metadataVersion: "1" },
    };
    for (const one of eventSubscriptions.values())
      if (one.group.toLowerCase() === group.toLowerCase() && one.eventTypes.includes(eventType))
        this.#queues.send(one.queue, JSON.stringify(event));
  }

  routes(): Route[] {
    const path = "resourcegroups/:group/providers/microsoft.eventgrid/eventsubscriptions/:name";
    const { eventSubscriptions } = this.#cloud.tables;
    const idOf = ({ params }: ArmRequest) => `${params.group}/${params.name}`.toLowerCase();
    const show = ({ id, group, queue, eventTypes }: EventSubscription) => ({
      name: id.split("/")[1],
      type,
      properties: {
        topic: `/subscriptions/${this.#cloud.account.subscriptionId}/resourceGroups/${group}`,
        provisioningState: "Succeeded",
        destination: { endpointType: "StorageQueue", properties: { queueName: queue } },
        filter: { includedEventTypes: eventTypes },
        eventDeliverySchema: "EventGridSchema",
      },
    });
    const route = (verb: string, method: string, right: string, run: Route["run"]): Route => {
      return {
        service: "resources",
        operation: `eventSubscriptions.${verb}`,
        action: `${type}/${right}`,
        method,
        path,
        run,
      };
    };
    return [
      route("createOrUpdate", "PUT", "write", (request) => {
        const asked = wished.safeParse(request.body.properties);
        if (!asked.success) throw new AzureError("InvalidRequest", z.prettifyError(asked.error));
        const { destination, filter } = asked.data;
        const { queueName: queue } = destination.properties;
        if (!this.#queues.has(queue)) throw new AzureError("InvalidRequest", `There is no queue ${queue}.`);
        const { group = "" } = request.params;
        const { includedEventTypes: eventTypes } = filter;
        return { status: 201, body: show(eventSubscriptions.put({ id: idOf(request), group, queue, eventTypes })) };
      }),
      route("get", "GET", "read", (request) => {
        const found = eventSubscriptions.get(idOf(request));
        if (!found) throw resourceNotFound(type, request.params.name ?? "", request.params.group ?? "");
        return { status: 200, body: show(found) };
      }),
      route("delete", "DELETE", "delete", (request) => {
        eventSubscriptions.delete(idOf(request));
        return { status: 200 };
      }),
    ];
  }
}

/** What a subscription's owner sets up once for a resource group, so that its events reach NovaCron. */
export function setUpEvents({ tables }: AzureCloud, group: string): void {
  const queue = "novacron-events";
  if (!tables.queues.has(queue)) tables.queues.put({ id: queue });
  const eventTypes = ["Write", "Delete", "Action"].map((verb) => `Microsoft.Resources.Resource${verb}Success`);
  tables.eventSubscriptions.put({ id: `${group}/${queue}`.toLowerCase(), group, queue, eventTypes });
}
