// Long because it is one contract, to be read whole: all that a worker of a site may ask the API for.
import * as z from "zod";
import { lineLevels } from "../domain/log-line.ts";
import { probeKinds, sights } from "../domain/site-health.ts";

/**
 * What workers of sites and the API say to each other: `POST /site/v1/<name>` with a JSON object, over TLS 1.3, the worker
 * known by its certificate. What an operation concerns must belong to the worker's own site. Members are as our own types
 * have them; bytes are base64.
 */
const id = z.string().min(1).max(300);
const siteId = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,126}$/);
const count = z.number().int().min(0);
const text = z.string().max(4_000);
const bytes = z.base64();
const time = z.iso.datetime();
const anything = z.record(z.string(), z.unknown());
const nothing = z.strictObject({});

const progress = z.strictObject({
  bytesDone: z.number().int(),
  bytesToMove: z.number().int(),
  bytesCopied: count,
  bytesResent: count,
  leavesWritten: count,
  bytesOnWire: count.optional(),
});
const generation = z.strictObject({
  generationId: id,
  sizeBytes: count,
  attempt: count,
  sealed: z.boolean(),
  rootHash: z.string().optional(),
  progress,
});
const chunk = z.strictObject({ index: count, leaves: bytes, done: bytes });
const point = z.strictObject({
  site: siteId,
  pointId: id,
  kind: z.enum(["sealed", "adopted", "source"]),
  lineage: id,
  diskId: id,
  sizeBytes: count,
  manifestId: id,
  rootHash: z.string(),
  migrationId: id,
  createdAt: time,
});
const short = z.string().max(300).optional();
const line = z.strictObject({
  at: time,
  level: z.enum(lineLevels),
  process: z.string().max(100),
  message: z.string().max(20_000),
  traceId: short,
  requestId: short,
  workflowId: short,
  runId: short,
  activity: short,
  attempt: count.optional(),
  site: short,
  vmId: short,
  facts: anything,
});
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const span = z.strictObject({
  name: z.string().min(1).max(200),
  kind: z.enum(["server", "internal", "consumer", "client"]),
  work: z.strictObject({
    traceId: hex(32),
    spanId: hex(16),
    parentSpanId: hex(16).optional(),
    sampled: z.boolean(),
    requestId: short,
    workflowId: short,
    runId: short,
    workflowType: short,
    activity: short,
    attempt: count.optional(),
    site: short,
    vmId: short,
  }),
  startedAt: z.number().min(0),
  durationMs: z.number().min(0),
  failure: text.optional(),
  facts: z.record(z.string().max(100), z.union([z.string().max(1_000), z.number()])).optional(),
});
const certificate = z.strictObject({ workerId: id, site: siteId, certificate: z.string(), authority: z.string() });
const publicKey = z.string().max(2_000).startsWith("-----BEGIN PUBLIC KEY-----");

const operation = <I extends z.ZodType, O extends z.ZodType>(summary: string, input: I, output: O) => ({
  summary,
  input,
  output,
});

export const siteContract = {
  join: operation(
    "Become a worker of the site that the one-time token is for. The only operation without a certificate",
    z.strictObject({ token: z.string().max(200), name: z.string().min(1).max(100), publicKey }),
    certificate,
  ),
  renewCertificate: operation(
    "Another certificate for another key; the one that is shown counts until the next renewal",
    z.strictObject({ publicKey }),
    certificate,
  ),
  beat: operation(
    "Say that the worker is there, and where workers of other sites reach it",
    z.strictObject({ dataAddress: z.string().max(300).optional() }),
    z.strictObject({ draining: z.boolean() }),
  ),
  leave: operation("Say that the worker ends: it gets nothing new until it beats again", nothing, nothing),
  assignment: operation(
    "What the configuration says of the worker's site, without credentials, and how it works",
    nothing,
    z.strictObject({
      entry: z.strictObject({
        site: siteId,
        type: z.string(),
        enabled: z.boolean(),
        region: z.string().optional(),
        sandbox: z.boolean().optional(),
        uri: z.string().optional(),
        storagePath: z.string().optional(),
        haproxy: z.string().optional(),
        endpoint: z.string().optional(),
        securityGroups: z.array(z.string()).optional(),
        encryptionKey: z.string().optional(),
        compartment: z.string().optional(),
        projectId: z.string().optional(),
        zone: z.string().optional(),
        helperImage: z.string().optional(),
        helperNetwork: z.string().optional(),
        subscriptionId: z.string().optional(),
        resourceGroup: z.string().optional(),
        storageAccount: z.string().optional(),
      }),
      hasCredentials: z.boolean(),
      namespace: z.string(),
      taskQueue: z.string(),
      compression: z.boolean(),
      keepsLines: z.boolean(),
      takesSpans: z.boolean(),
      metricsEveryMs: count,
    }),
  ),
  credentials: operation(
    "The credentials of the worker's own site, as they are now",
    nothing,
    z.strictObject({ type: z.string().optional(), values: z.record(z.string(), z.string()) }),
  ),
  link: operation(
    "Leave to reach the other end of a generation's copy: a worker of the other site, and what it lets this one in by",
    z.strictObject({ generationId: id }),
    z.strictObject({ workerId: id, site: siteId, address: z.string(), grant: z.string() }),
  ),
  callBudget: operation(
    "Some of the calls that all workers may make of an account of the site's",
    z.strictObject({
      name: z.string().max(100),
      perSecond: z.number().positive(),
      burst: z.number().positive().optional(),
      calls: z.number().int().min(1).max(1_000),
    }),
    nothing,
  ),
  callsThrottled: operation(
    "That the vendor refused a call as one too many: all workers wait, for as long as it said",
    z.strictObject({ name: z.string().max(100), retryAfterMs: z.number().min(0).optional() }),
    nothing,
  ),
  beginAttempt: operation(
    "CheckpointStore.beginAttempt",
    z.strictObject({ generationId: id, sizeBytes: count, parentManifestId: id.optional() }),
    generation,
  ),
  chunks: operation(
    "Some of CheckpointStore.chunks, from behind an index",
    z.strictObject({ manifestId: id, after: z.number().int().min(-1) }),
    z.strictObject({ chunks: z.array(chunk), more: z.boolean() }),
  ),
  commit: operation(
    "CheckpointStore.commit",
    z.strictObject({ generationId: id, attempt: count, chunks: z.array(chunk).max(64), progress }),
    nothing,
  ),
  noteSent: operation(
    "CheckpointStore.noteSent",
    z.strictObject({ generationId: id, attempt: count, bytesSent: count }),
    nothing,
  ),
  sealManifest: operation(
    "CheckpointStore.seal",
    z.strictObject({ generationId: id, attempt: count, rootHash: z.string() }),
    nothing,
  ),
  generation: operation(
    "CheckpointStore.state",
    z.strictObject({ generationId: id }),
    z.strictObject({ state: generation.optional() }),
  ),
  renewLease: operation(
    "RateLeases.renew, of a link that the site is an end of",
    z.strictObject({
      resource: id,
      holder: id,
      limitPerSecond: z.number().positive(),
      ttlMs: count.max(60_000),
      needsPerSecond: z.number().nonnegative().optional(),
      rank: z.number().nonnegative().optional(),
    }),
    z.strictObject({ perSecond: z.number(), expiresAt: time }),
  ),
  releaseLease: operation("RateLeases.release", z.strictObject({ resource: id, holder: id }), nothing),
  recordPoint: operation("File a recovery point at the site", point, nothing),
  deletePoint: operation("Forget one", z.strictObject({ pointId: id }), nothing),
  findPoints: operation(
    "Points at the site with exactly this content, newest first",
    z.strictObject({ rootHash: z.string(), kinds: z.array(z.enum(["sealed", "adopted", "source"])) }),
    z.strictObject({ points: z.array(point) }),
  ),
  noteProgress: operation(
    "Tell watchers of a migration how far it is",
    z.strictObject({
      migrationId: id,
      progress: z.number().min(0).max(100),
      bytesCopied: count,
      bytesResent: count,
      message: text,
    }),
    nothing,
  ),
  appendEvent: operation(
    "Add a note to a migration's story",
    z.strictObject({
      migrationId: id,
      at: time,
      type: z.literal("note"),
      message: text,
      data: anything.optional(),
      dedupeKey: z.string().max(200).optional(),
    }),
    z.strictObject({ sequence: count }),
  ),
  signalProgress: operation(
    "Tell a migration's run how far a disk's copy is",
    z.strictObject({ migrationId: id, diskId: id, fraction: z.number().min(0).max(1) }),
    nothing,
  ),
  keepLines: operation(
    "Keep lines of the worker's log, with the worker and its site in each",
    z.strictObject({ lines: z.array(line).max(500) }),
    nothing,
  ),
  keepSpans: operation(
    "Send on what the worker tells of its part of traces, with the worker and its site in each",
    z.strictObject({ spans: z.array(span).max(500) }),
    nothing,
  ),
  keepMetrics: operation(
    "What the worker has counted since it began, in Prometheus's text format, in place of what it told before",
    z.strictObject({ text: z.string().max(2_000_000), since: time }),
    nothing,
  ),
  watchdogOrders: operation(
    "What the watchdog of the worker's site is to do for the site's protected groups, and for each one that is named",
    z.strictObject({ groupIds: z.array(id).max(1_000) }),
    z.strictObject({
      orders: z.array(
        z.discriminatedUnion("do", [
          z.strictObject({
            do: z.literal("renew"),
            groupId: id,
            epoch: count,
            vmIds: z.array(id),
            durationMs: count,
            marginMs: count,
          }),
          z.strictObject({ do: z.literal("wait"), groupId: id }),
          z.strictObject({ do: z.literal("cut-off"), groupId: id }),
          z.strictObject({ do: z.literal("forget"), groupId: id }),
        ]),
      ),
    }),
  ),
  renewGroupLease: operation(
    "Renew the lease of a group that the site may write as; Conflict when it may not",
    z.strictObject({ groupId: id, epoch: count, watched: z.boolean(), askId: id }),
    z.strictObject({ durationMs: count, marginMs: count }),
  ),
  noteHealth: operation(
    "What the worker saw of another site in one round of probes",
    z.strictObject({
      site: siteId,
      sees: z.enum(sights),
      probes: z
        .array(
          z.strictObject({
            kind: z.enum(probeKinds),
            target: z.string().max(300),
            result: z.enum(["ok", "slow", "failed"]),
            tookMs: z.number().min(0),
            reason: text.optional(),
          }),
        )
        .max(100),
    }),
    nothing,
  ),
  admitRun: operation(
    "Whether a run may make changes while a freeze is or isn't on",
    z.strictObject({ runId: id }),
    z.strictObject({ admitted: z.boolean() }),
  ),
  appendAudit: operation(
    "An entry of the audit trail about what the worker does at its site; its actor becomes the worker",
    z.strictObject({
      at: time,
      action: z.string().startsWith("activity.").max(100),
      resource: text,
      requestId: z.string().max(300),
      workflowId: z.string().max(300).optional(),
      outcome: z.string().max(50),
      request: z.unknown().optional(),
      after: z.unknown().optional(),
    }),
    nothing,
  ),
} as const;

export type SiteOperation = keyof typeof siteContract;
export type SiteInput<N extends SiteOperation> = z.output<(typeof siteContract)[N]["input"]>;
export type SiteOutput<N extends SiteOperation> = z.output<(typeof siteContract)[N]["output"]>;

export const sitePath = "/site/v1/";
