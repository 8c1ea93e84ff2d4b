import type { Certificate } from "../../domain/certificate.ts";
import { fromWire } from "../../domain/wire.ts";
import { type Answer, route } from "../route.ts";
import { certificateSchema, certificateVerdictSchema } from "../schemas/certificate.ts";
import { type ApiContext, configuredSite } from "./context.ts";

export function certificateRoutes(context: ApiContext) {
  return [
    route({
      method: "post",
      path: "/v1/certificates/verify",
      operationId: "verifyCertificate",
      tag: "certificates",
      summary: "Read the certified disks again and compare",
      description:
        "Says identical, or which ranges differ. Reads every byte that is not zero: minutes for large disks.",
      permission: "certificates:verify",
      actor: "signed-in",
      audit: "certificate.verify",
      duringFreeze: true,
      idempotent: true,
      body: certificateSchema,
      responses: { 200: { description: "The verdict", schema: certificateVerdictSchema } },
      async handle({ body, access }): Promise<Answer> {
        const moved = await context.store.migrations.getScoped(body.migration_id);
        // Who reaches only some VMs of the site may have those read of which the store knows the move.
        const { from, to } = moved?.migration ?? {};
        for (const site of new Set([body.to, ...body.disks.flatMap((disk) => disk.site ?? [])])) {
          const ofTheMove = moved !== undefined && (site === from || site === to) && access.covers(moved.subjects);
          if (!ofTheMove) configuredSite(context, access, site, "whole");
        }
        return { status: 200, body: await context.runs.verifyCertificate(fromWire<Certificate>(body)) };
      },
    }),
  ];
}
