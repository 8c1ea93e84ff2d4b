import * as z from "zod";
import { type Certificate, proofLevels } from "../../domain/certificate.ts";
import { changeTrackings } from "../../domain/change-tracking.ts";
import type { Wire } from "../../domain/wire.ts";
import type { VerifyCertificateResult } from "../../workflows/verify-certificate/types.ts";
import { bytes, consistencySchema, entityId, sha256, siteId, timestamp } from "./common.ts";
import { gapSchema, heldSchema } from "./traffic.ts";

export const certificateSchema = z
  .strictObject({
    format: z.literal("novacron-certificate/1"),
    certificate_id: entityId,
    migration_id: entityId,
    plan_hash: sha256,
    vm: z.string().min(1).max(200),
    from: siteId,
    to: siteId,
    source_vm_id: z.string().min(1).max(200),
    target_vm_id: z.string().min(1).max(200),
    point_taken_at: timestamp,
    consistency: consistencySchema.optional(),
    proven_at: timestamp,
    identical: z.boolean(),
    disks: z
      .array(
        z.strictObject({
          disk_id: z.string().min(1).max(200),
          size_bytes: bytes,
          level: z.enum(proofLevels),
          method: z.enum(["full", ...changeTrackings]),
          leaf_bytes: z.int().min(1),
          root_hash: sha256,
          manifest_id: z.string().min(1).max(200),
          point_id: z.string().min(1).max(200),
          bytes_copied: bytes,
          bytes_reread: bytes,
          bytes_written_since: bytes
            .optional()
            .meta({ description: "Differed where a guest that never stopped had written since the switch" }),
          site: siteId.optional().meta({ description: "Where the certified point lies, when not at the target" }),
        }),
      )
      .min(1)
      .max(200),
    boot: z.strictObject({
      proven: z.boolean(),
      evidence: z.string().optional(),
      reason: z.string().optional(),
    }),
    live: z
      .strictObject({
        switched_at: timestamp,
        pause_ms: z.number().min(0).optional(),
        memory: z.enum(["moved-not-compared", "lost"]),
      })
      .optional()
      .meta({ description: "Of a move without a stop" }),
    prepared: z
      .array(
        z.strictObject({
          disk_id: z.string().min(1).max(200),
          point_id: z.string().min(1).max(200),
          root_hash: sha256,
          changes: z.array(
            z.strictObject({
              file: z.string(),
              reason: z.string(),
              ranges: z
                .array(z.tuple([bytes, bytes]))
                .meta({ description: "Offset and length of each, in bytes of the disk" }),
            }),
          ),
        }),
      )
      .optional()
      .meta({ description: "What was changed on the clones that it boots from, on top of the certified points" }),
    traffic: z
      .strictObject({ gap: gapSchema.optional(), held: z.array(heldSchema) })
      .optional()
      .meta({ description: "What users had of the cutover, where traffic moved with it" }),
    simulated: z.boolean(),
  })
  .meta({ id: "Certificate" }) satisfies z.ZodType<Wire<Certificate>>;

export const certificateVerdictSchema = z
  .strictObject({
    identical: z.boolean(),
    disks: z.array(
      z.strictObject({
        disk_id: z.string(),
        identical: z.boolean(),
        differing: z
          .array(z.strictObject({ offset: bytes, length: bytes }))
          .meta({ description: "At most the first hundred ranges" }),
        bytes_reread: bytes,
      }),
    ),
  })
  .meta({ id: "CertificateVerdict" }) satisfies z.ZodType<Wire<VerifyCertificateResult>>;
