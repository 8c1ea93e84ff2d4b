import type { Message } from "@aws-sdk/client-sqs";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { EventsFacet, SiteChange } from "../events-facet.ts";
import type { Aws } from "./client.ts";
import { changesOf } from "./event-changes.ts";

/** The queue that a rule of EventBridge fills, in each region; README.md says how it is set up. */
export const eventsQueue = "novacron-events";
/** The most that SQS takes: "Amazon SQS short and long polling". */
const longestWaitSeconds = 20;
const messagesAtOnce = 10;
/** A burst is read as one: more would be in memory for nothing. */
const mostInABatch = 200;
/** Of a request's time, what is left for its answer to come. */
const answerSeconds = 5;

/** @throws UnsupportedCapability when the region has no such queue. */
export async function eventsQueueUrl(aws: Aws, signal: AbortSignal): Promise<string> {
  const subject = { operation: "listen for events", resource: aws.resource("queue", eventsQueue) };
  try {
    const { QueueUrl = "" } = await aws.sqs.send(
      (sdk) => new sdk.GetQueueUrlCommand({ QueueName: eventsQueue }),
      subject,
      signal,
    );
    return QueueUrl;
  } catch (error) {
    if (!isProviderError(error, "NotFound")) throw error;
    throw new ProviderError("UnsupportedCapability", {
      ...subject,
      reason: `the region has no queue ${eventsQueue}, so changes are found at the site's turn`,
      action: "Make the queue and the rule that the AWS provider's README describes.",
      cause: error,
    });
  }
}

/** Events of EventBridge, from a queue: each is told once it is there, and again until it was taken. */
export class AwsEvents implements EventsFacet {
  readonly #aws: Aws;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly SiteChange[]> {
    const QueueUrl = await eventsQueueUrl(this.#aws, signal);
    yield [];
    for (;;) {
      const messages = await this.#batch(QueueUrl, signal);
      const changes = messages.flatMap(({ Body }) => changesOf(Body));
      if (changes.length > 0) yield unique(changes);
      await this.#forget(QueueUrl, messages, signal);
    }
  }

  /** Waits for the first message, then takes what else is there. */
  async #batch(QueueUrl: string, signal: AbortSignal): Promise<Message[]> {
    const { requestTimeoutMs } = this.#aws.patience;
    const patient = Math.max(0, Math.min(longestWaitSeconds, Math.floor(requestTimeoutMs / 1_000) - answerSeconds));
    const messages: Message[] = [];
    for (let full = true; full && messages.length < mostInABatch; ) {
      const WaitTimeSeconds = messages.length === 0 ? patient : 0;
      const input = { QueueUrl, MaxNumberOfMessages: messagesAtOnce, WaitTimeSeconds };
      const { Messages = [] } = await this.#aws.sqs.send(
        (sdk) => new sdk.ReceiveMessageCommand(input),
        { operation: "receive events", resource: this.#aws.resource("queue", eventsQueue) },
        signal,
      );
      messages.push(...Messages);
      full = Messages.length === messagesAtOnce;
    }
    return messages;
  }

  async #forget(QueueUrl: string, messages: readonly Message[], signal: AbortSignal): Promise<void> {
    const subject = { operation: "take events", resource: this.#aws.resource("queue", eventsQueue) };
    for (let at = 0; at < messages.length; at += messagesAtOnce) {
      const Entries = messages
        .slice(at, at + messagesAtOnce)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.#aws.sqs.send((sdk) => new sdk.DeleteMessageBatchCommand({ QueueUrl, Entries }), subject, signal);
    }
  }
}

function unique(changes: readonly SiteChange[]): SiteChange[] {
  return [...new Map(changes.map((change) => [`${change.kind}/${change.resourceId ?? ""}`, change])).values()];
}
