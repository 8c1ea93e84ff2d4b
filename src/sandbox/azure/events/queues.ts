import { randomBytes, randomUUID } from "node:crypto";
import type { Answer } from "../../cloud/http-front.ts";
import { xmlDocument, xmlElement } from "../../cloud/xml.ts";
import { type BlobRequest, commonHeaders, header, refuse, xmlAnswer } from "../blob/request.ts";
import { type AzureCloud, storageAccountName } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import type { Identity } from "../identity.ts";

export const queueHost = `${storageAccountName}.queue.core.windows.net`;
const audiences = ["https://storage.azure.com", `https://${queueHost}`];
const right = "Microsoft.Storage/storageAccounts/queueServices/queues";
/** "Get Messages": what is taken at once, and how long it stays out of sight. */
const mostMessages = 32;
const usualSeconds = 30;
/** "Put Message": seven days unless it is said otherwise. */
const keptMs = 7 * 86_400_000;

/** The Queue service of the storage account, as far as events go through it:
 *  https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api */
export class Queues {
  readonly #cloud: AzureCloud;
  readonly #identity: Identity;

  constructor(cloud: AzureCloud, identity: Identity) {
    this.#cloud = cloud;
    this.#identity = identity;
  }

  has(name: string): boolean {
    return this.#cloud.tables.queues.has(name);
  }

  /** Puts a message in, as Event Grid does: in base64. */
  send(queue: string, text: string): void {
    const { queueMessages } = this.#cloud.tables;
    const body = Buffer.from(text).toString("base64");
    const old = Date.now() - keptMs;
    for (const { id } of queueMessages.where(({ insertedAt }) => insertedAt < old)) queueMessages.delete(id);
    queueMessages.put({ id: randomUUID(), queue, body, insertedAt: Date.now(), visibleAt: Date.now(), receipt: "" });
  }

  async handle(request: BlobRequest): Promise<Answer> {
    try {
      const [queue = "", what, id] = request.path.slice(1).split("/").map(decodeURIComponent);
      const operation = what === undefined ? "createQueue" : request.method === "DELETE" ? "delete" : "getMessages";
      const call = { service: "queue", operation, region: "" };
      return await this.#cloud.faults.around<Answer>(
        call,
        () => this.#answer(request, queue, what, id),
        (kind) =>
          kind === "unauthorised"
            ? new AzureError("AuthorizationPermissionMismatch", "This request is not authorized.", 403)
            : kind === "not-found"
              ? new AzureError("QueueNotFound", "The specified queue does not exist.", 404)
              : new AzureError("ServerBusy", "The server is busy.", 503),
      );
    } catch (error) {
      if (error instanceof AzureError) return refuse(request, error);
      throw error;
    }
  }

  #answer(request: BlobRequest, queue: string, what: string | undefined, id: string | undefined): Answer {
    const { queues, queueMessages } = this.#cloud.tables;
    const { method, query } = request;
    if (what === undefined && method === "PUT") {
      this.#admit(request, "write");
      const there = queues.has(queue);
      if (!there) queues.put({ id: queue });
      return { status: there ? 204 : 201, headers: commonHeaders(request) };
    }
    if (what !== "messages") throw new AzureError("InvalidUri", `The sandbox has no ${method} ${request.path}.`, 400);
    if (!queues.has(queue)) throw new AzureError("QueueNotFound", "The specified queue does not exist.", 404);
    if (method === "GET" && id === undefined) {
      this.#admit(request, "messages/process/action");
      const many = Math.min(mostMessages, Number(query.get("numofmessages") ?? 1));
      const hiddenMs = Number(query.get("visibilitytimeout") ?? usualSeconds) * 1_000;
      return xmlAnswer(request, xmlDocument("QueueMessagesList", undefined, this.#take(queue, many, hiddenMs)));
    }
    if (method !== "DELETE" || id === undefined)
      throw new AzureError("UnsupportedHttpVerb", `The sandbox has no ${method} of messages.`, 405);
    this.#admit(request, "messages/delete");
    const message = queueMessages.get(id);
    if (!message) throw new AzureError("MessageNotFound", "The specified message does not exist.", 404);
    if (message.receipt !== query.get("popreceipt"))
      throw new AzureError("PopReceiptMismatch", "The specified pop receipt did not match.", 400);
    queueMessages.delete(id);
    return { status: 204, headers: commonHeaders(request) };
  }

  #take(queue: string, many: number, hiddenMs: number): string {
    const { queueMessages } = this.#cloud.tables;
    const now = Date.now();
    const visible = queueMessages.where((message) => message.queue === queue && message.visibleAt <= now);
    return visible
      .slice(0, many)
      .map((message) => {
        const receipt = randomBytes(12).toString("base64");
        queueMessages.put({ ...message, receipt, visibleAt: now + hiddenMs });
        const inside =
          xmlElement("MessageId", message.id) +
          xmlElement("InsertionTime", new Date(message.insertedAt).toUTCString()) +
          xmlElement("PopReceipt", receipt) +
          xmlElement("MessageText", message.body);
        return `<QueueMessage>${inside}</QueueMessage>`;
      })
      .join("");
  }

  #admit(request: BlobRequest, action: string): void {
    const caller = this.#identity.authenticate(header(request, "authorization"), audiences);
    const allowed =
      action === "write"
        ? this.#identity.may(caller, `${right}/write`)
        : this.#identity.mayWithData(caller, `${right}/${action}`);
    if (allowed) return;
    throw new AzureError("AuthorizationPermissionMismatch", "This request is not authorized.", 403);
  }
}
