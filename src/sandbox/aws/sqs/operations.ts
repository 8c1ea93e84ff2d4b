import { createHash } from "node:crypto";
import type * as sqs from "@aws-sdk/client-sqs";
import type { AwsCloud, Call } from "../cloud.ts";
import { resource } from "../ec2/default-network.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Queue, Queues } from "./queues.ts";

const messagesAtOnce = 10;
const longestWaitSeconds = 20;

/** Standard queues: what arrives is delivered at least once, in any order. */
export function sqsOperations(cloud: AwsCloud, queues: Queues) {
  const arnOf = (call: Call, name: string) => `arn:aws:sqs:${call.region}:${accountId}:${name}`;
  const urlOf = ({ name }: Queue) => `${cloud.endpoint}/${accountId}/${name}`;
  const find = (call: Call, name: string | undefined): Queue => {
    const queue = queues.queues.get(arnOf(call, name ?? ""));
    if (!queue) {
      throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.", 400);
    }
    return queue;
  };
  const at = (call: Call, url: string | undefined) => find(call, url?.slice(url.lastIndexOf("/") + 1));
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");

  return {
    CreateQueue: (call: Call, input: sqs.CreateQueueRequest): sqs.CreateQueueResult => {
      const name = input.QueueName ?? "";
      if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
        throw new AwsError("InvalidParameterValue", "Simulated: standard queues only, of letters, digits, - and _");
      }
      const attributes = { ...input.Attributes };
      const known = queues.queues.get(arnOf(call, name));
      return {
        QueueUrl: urlOf(
          known ?? queues.queues.put({ ...resource("sqs", call.region), id: arnOf(call, name), name, attributes }),
        ),
      };
    },
    GetQueueUrl: (call: Call, input: sqs.GetQueueUrlRequest): sqs.GetQueueUrlResult => ({
      QueueUrl: urlOf(find(call, input.QueueName)),
    }),
    GetQueueAttributes: (call: Call, input: sqs.GetQueueAttributesRequest): sqs.GetQueueAttributesResult => {
      const queue = at(call, input.QueueUrl);
      const { visible, hidden } = queues.count(queue);
      const all: Record<string, string> = {
        ...queue.attributes,
        QueueArn: queue.id,
        ApproximateNumberOfMessages: String(visible),
        ApproximateNumberOfMessagesNotVisible: String(hidden),
      };
      const names = input.AttributeNames ?? [];
      const wanted = names.includes("All") ? Object.keys(all) : names;
      return {
        Attributes: Object.fromEntries(wanted.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]]))),
      };
    },
    SetQueueAttributes: (call: Call, input: sqs.SetQueueAttributesRequest): object => {
      const queue = at(call, input.QueueUrl);
      queues.queues.put({ ...queue, attributes: { ...queue.attributes, ...input.Attributes } });
      return {};
    },
    DeleteQueue: (call: Call, input: sqs.DeleteQueueRequest): object => {
      queues.remove(at(call, input.QueueUrl));
      return {};
    },
    SendMessage: (call: Call, input: sqs.SendMessageRequest): sqs.SendMessageResult => {
      const body = input.MessageBody ?? "";
      return { MessageId: queues.send(at(call, input.QueueUrl), body), MD5OfMessageBody: md5(body) };
    },
    ReceiveMessage: async (call: Call, input: sqs.ReceiveMessageRequest): Promise<sqs.ReceiveMessageResult> => {
      const { MaxNumberOfMessages: most = 1, WaitTimeSeconds: wait = 0 } = input;
      if (most < 1 || most > messagesAtOnce || wait < 0 || wait > longestWaitSeconds) {
        throw new AwsError("InvalidParameterValue", "MaxNumberOfMessages is 1 to 10, WaitTimeSeconds 0 to 20");
      }
      const found = await queues.receive(at(call, input.QueueUrl), {
        ...{ most, waitMs: wait * 1_000, visibilitySeconds: input.VisibilityTimeout },
        isAbandoned: call.isAbandoned ?? (() => false),
      });
      if (found.length === 0) return {};
      return {
        Messages: found.map(({ message: { id, body }, receipt }) => ({
          MessageId: id,
          ReceiptHandle: receipt,
          Body: body,
          MD5OfBody: md5(body),
        })),
      };
    },
    DeleteMessageBatch: (call: Call, input: sqs.DeleteMessageBatchRequest): sqs.DeleteMessageBatchResult => {
      at(call, input.QueueUrl);
      const done = (input.Entries ?? []).map(({ Id, ReceiptHandle = "" }) => ({
        Id,
        known: queues.forget(ReceiptHandle),
      }));
      return {
        Successful: done.filter(({ known }) => known).map(({ Id }) => ({ Id })),
        Failed: done
          .filter(({ known }) => !known)
          .map(({ Id }) => ({ Id, SenderFault: true, Code: "ReceiptHandleIsInvalid" })),
      };
    },
  };
}
