import * as z from "zod";
import { bytes, siteId, timestamp } from "./common.ts";

const claim = z.strictObject({
  epoch: z.int(),
  host: z.string().meta({ description: "The machine that it was brought up on" }),
  taken_at: timestamp,
  reason: z.string().optional(),
});

export const controlPlaneSchema = z
  .strictObject({
    installation_id: z.string(),
    epoch: z
      .int()
      .meta({ description: "Raised by each recovery; of two control planes the one of the earlier epoch stops" }),
    seen_at: timestamp
      .optional()
      .meta({ description: "When its claim was last seen at a site that it is backed up to" }),
    superseded_by: claim
      .optional()
      .meta({ description: "Another one has taken over: this one changes nothing any more" }),
    backup_interval_seconds: z.number(),
    places: z.array(
      z.strictObject({
        site: siteId,
        backup_id: z.string().optional(),
        taken_at: timestamp.optional().meta({ description: "The moment that the newest backup there shows" }),
        proven_at: timestamp.optional().meta({ description: "When all of it had been read back" }),
        bytes: bytes.optional(),
        rows: z.int().optional(),
        kept: z.int().optional().meta({ description: "Backups that are there" }),
        took_ms: z.int().optional(),
        tried_at: timestamp.optional(),
        problem: z.string().optional().meta({ description: "Why the newest attempt failed" }),
        overdue: z.boolean().meta({ description: "There is none from within the last three intervals" }),
      }),
    ),
    interrupted: z
      .array(
        z.strictObject({
          workflow_id: z.string(),
          kind: z.enum([
            "migration",
            "wave",
            "operation",
            "migration-test",
            "assessment",
            "protection-group",
            "recovery-run",
            "restore",
          ]),
          subject: z.string(),
          state: z.string().meta({ description: "As it was in the backup" }),
          outcome: z.enum(["goes-on", "restarted", "lost"]),
          advice: z.string().optional(),
          at: timestamp,
        }),
      )
      .meta({ description: "What was under way when the backup was made that this control plane was rebuilt from" }),
  })
  .meta({ id: "ControlPlane" });

export const backupStartedSchema = z
  .strictObject({ workflow_id: z.string(), asked_at: timestamp })
  .meta({ id: "ControlPlaneBackupStarted" });
