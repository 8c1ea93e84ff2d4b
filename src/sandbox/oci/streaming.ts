import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Document } from "../cloud/documents.ts";
import type { OciCloud } from "./cloud.ts";
import { invalid, missing, notFound } from "./errors.ts";
import { type Call, type Operation, operations, type Reply } from "./operation.ts";
import type { Registry } from "./registry.ts";
import { newOcid } from "./tenancy.ts";

export interface Stream extends Document {
  readonly name: string;
  readonly compartmentId: string;
  readonly createdAt: number;
  /** The next message's offset. */
  readonly next: number;
}

export interface StreamMessage extends Document {
  readonly streamId: string;
  readonly offset: number;
  /** In base64. */
  readonly value: string;
  readonly at: number;
}

/** How far a group of readers has come. */
export interface StreamGroup extends Document {
  readonly committed: number;
}

export interface EventRule extends Document {
  readonly compartmentId: string;
  readonly displayName: string;
  readonly streamId: string;
}

const mostMessages = 10_000;
const settledWithinMs = 60_000;
/** A stream keeps messages for a day unless it is made otherwise. */
const keptMs = 86_400_000;

/** Streams with one partition each: https://docs.oracle.com/en-us/iaas/api/#/en/streaming/20180418/ */
export function streamOperations({ cloud }: Registry, endpoint: () => string): Operation[] {
  const operation = operations("streaming");
  const { streams, streamMessages, streamGroups } = cloud.tables;
  const describe = ({ id, name, compartmentId, createdAt }: Stream) => ({
    ...{ id, name, compartmentId, partitions: 1, lifecycleState: "ACTIVE" },
    ...{ messagesEndpoint: endpoint(), timeCreated: new Date(createdAt) },
  });
  const find = ({ params }: Call): Stream => {
    const stream = streams.get(params.streamId ?? "");
    if (!stream) throw notFound("stream");
    return stream;
  };
  const of = (streamId: string) => streamMessages.where((message) => message.streamId === streamId);
  return [
    operation("CreateStream", "POST /streams", {}, (call) => {
      const { name, compartmentId } = call.json<{ name?: string; compartmentId?: string }>();
      if (!name || !compartmentId) throw missing("name and compartmentId");
      const made = streams.put({ id: newOcid("stream"), name, compartmentId, createdAt: Date.now(), next: 0 });
      return { status: 201, body: describe(made) };
    }),
    operation("ListStreams", "GET /streams", {}, ({ query }) => {
      const wanted = streams.where(
        ({ name, compartmentId }) =>
          compartmentId === query.get("compartmentId") && (query.get("name") ?? name) === name,
      );
      return { body: wanted.map(describe) };
    }),
    operation("CreateGroupCursor", "POST /streams/{streamId}/groupCursors", {}, (call) => {
      const { id, next } = find(call);
      const { groupName = "", type, commitOnGet } = call.json<Record<string, string | boolean>>();
      if (type !== "LATEST" || commitOnGet === false)
        throw invalid("type", "simulated: groups that begin at the newest message and commit as they get");
      const group = `${id}/${groupName}`;
      const at = streamGroups.get(group)?.committed ?? next;
      return { body: { value: cursorOf({ group, at }) } };
    }),
    operation("GetMessages", "GET /streams/{streamId}/messages", {}, (call): Reply => {
      const { id } = find(call);
      const { group, at } = readCursor(call.query.get("cursor"));
      // Whoever asks for more has taken what came before.
      streamGroups.put({ id: group, committed: at });
      const limit = Math.min(mostMessages, Number(call.query.get("limit") ?? 100));
      const found = of(id)
        .filter(({ offset }) => offset >= at)
        .slice(0, limit);
      const next = (found.at(-1)?.offset ?? at - 1) + 1;
      return {
        headers: { "opc-next-cursor": cursorOf({ group, at: next }) },
        body: found.map(({ offset, value, at: sentAt }) => ({
          ...{ stream: id, partition: "0", offset, key: null, value, timestamp: new Date(sentAt) },
        })),
      };
    }),
  ];
}

/** Rules that put every event of a compartment into a stream: https://docs.oracle.com/en-us/iaas/Content/Events/home.htm */
export function eventRuleOperations({ cloud }: Registry): Operation[] {
  const operation = operations("events");
  const { eventRules, streams } = cloud.tables;
  interface Wish {
    readonly displayName?: string;
    readonly compartmentId?: string;
    readonly condition?: string;
    readonly isEnabled?: boolean;
    readonly actions?: { readonly actions?: readonly { readonly actionType?: string; readonly streamId?: string }[] };
  }
  return [
    operation("CreateRule", "POST /rules", {}, (call) => {
      const { displayName = "", compartmentId, condition, isEnabled, actions } = call.json<Wish>();
      const [action, ...more] = actions?.actions ?? [];
      if (!compartmentId) throw missing("compartmentId");
      if (condition !== "{}" || isEnabled !== true)
        throw invalid("condition", "simulated: enabled rules for everything");
      const streamId = action?.streamId ?? "";
      if (action?.actionType !== "OSS" || more.length > 0 || !streams.has(streamId))
        throw invalid("actions", "simulated: one stream that is there");
      const made = eventRules.put({ id: newOcid("eventrule"), compartmentId, displayName, streamId });
      return { body: { ...made, condition, isEnabled, lifecycleState: "ACTIVE" } };
    }),
  ];
}

/** Tells the rules of what a call has changed: as it begins, and when what it was about has come to rest. */
export function tellEvents(registry: Registry, operation: Operation, call: Call, reply: Reply): void {
  const { cloud } = registry;
  if (operation.method === "GET" || operation.method === "HEAD") return;
  if (operation.service !== "core" && operation.service !== "loadbalancer") return;
  const body = reply.body as { readonly id?: string } | undefined;
  const resourceId = body?.id ?? Object.values(call.params)[0];
  const kind = resourceId === undefined ? undefined : registry.kindOf(resourceId);
  if (resourceId === undefined || !kind || cloud.tables.eventRules.size === 0) return;
  const name = `com.oraclecloud.${operation.service}.${operation.name.toLowerCase()}`;
  send(registry, `${name}.begin`, resourceId);
  cloud.inBackground(`tell of ${operation.name}`, async () => {
    for (const until = Date.now() + settledWithinMs; Date.now() < until; await sleep(50)) {
      const now = kind.table.get(resourceId);
      const state = now && kind.stateOf(now);
      if (!state?.endsWith("ING") || state === "RUNNING") break;
    }
    send(registry, `${name}.end`, resourceId);
  });
}

function send({ cloud }: Registry, eventType: string, resourceId: string): void {
  const { eventRules, streamMessages, streams } = cloud.tables;
  const { compartmentId } = cloud.tenancy;
  const old = Date.now() - keptMs;
  for (const { id } of streamMessages.where(({ at }) => at < old)) streamMessages.delete(id);
  for (const { streamId } of eventRules.values()) {
    const stream = streams.get(streamId);
    if (!stream) continue;
    const data = { compartmentId, resourceId, additionalDetails: {} };
    const event = { eventType, cloudEventsVersion: "0.1", eventID: randomUUID(), eventTime: new Date(), data };
    const value = Buffer.from(JSON.stringify(event)).toString("base64");
    const offset = stream.next;
    streams.put({ ...stream, next: offset + 1 });
    streamMessages.put({ id: `${streamId}/${offset}`, streamId, offset, value, at: Date.now() });
  }
}

function cursorOf(cursor: { group: string; at: number }): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

function readCursor(text: string | null): { group: string; at: number } {
  try {
    return JSON.parse(Buffer.from(text ?? "", "base64url").toString("utf8")) as { group: string; at: number };
  } catch {
    throw invalid("cursor", "is no cursor of this stream");
  }
}

/** What a compartment's owner sets up once, so that its events reach NovaCron. */
export function setUpEvents({ tables, tenancy }: OciCloud): void {
  const name = "novacron-events";
  if (tables.streams.find((stream) => stream.name === name)) return;
  const { compartmentId } = tenancy;
  const { id: streamId } = tables.streams.put({
    id: newOcid("stream"),
    name,
    compartmentId,
    createdAt: Date.now(),
    next: 0,
  });
  tables.eventRules.put({ id: newOcid("eventrule"), compartmentId, displayName: name, streamId });
}
