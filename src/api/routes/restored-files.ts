import { randomUUID } from "node:crypto";
import type { FilesWish } from "../../domain/restored-files.ts";
import { fromWire } from "../../domain/wire.ts";
import { answerWithFiles } from "../file-answer.ts";
import { ProblemError } from "../problem.ts";
import { type Route, route } from "../route.ts";
import { filesBody } from "../schemas/restore.ts";
import { foundGroup } from "../start-protection.ts";
import type { ApiContext } from "./context.ts";

export function restoredFileRoutes(context: ApiContext): readonly Route[] {
  const { store, runs } = context;
  return [
    route({
      method: "post",
      path: "/v1/restores/files",
      operationId: "restoreFiles",
      tag: "recovery",
      summary: "A file or a folder of one VM, as a recovery point holds it",
      description:
        "The answer is its bytes; a folder comes as a tar archive, with folders, files and links within it. Nothing is restored to a site and nothing is kept: the bytes are read as the caller reads. An answer that breaks off is no whole file.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "restore.files",
      // What was on a disk leaves the installation.
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      body: filesBody,
      responses: { 200: { description: "Its bytes", mediaType: "application/octet-stream" } },
      async handle({ body, access, response, signal }): Promise<undefined> {
        const { groupId, vm, path, diskId, volume, ...wish } = fromWire<FilesWish>(body);
        await foundGroup(context, access, groupId);
        const point = await store.groupPoints.choose({ groupId, ...wish });
        if (!point) {
          throw new ProblemError("Conflict", {
            detail: `Group ${groupId} offers no point as wished`,
            action: "See novacron protection points, and name another one.",
            resource: `protection-group/${groupId}`,
          });
        }
        const { pointId, vms } = point;
        const found = vms.find(({ vmId }) => vmId === vm) ?? vms.find(({ name }) => name === vm);
        if (!found) {
          throw noSuchVm(
            pointId,
            vm,
            vms.map(({ name }) => name),
          );
        }
        const pipeId = randomUUID();
        const where = { ...(diskId === undefined ? {} : { diskId }), ...(volume === undefined ? {} : { volume }) };
        const run = await runs.sendFiles({ pipeId, pointId, position: found.position, path, ...where });
        await answerWithFiles(store, pipeId, run, response, signal);
      },
    }),
  ];
}

function noSuchVm(pointId: string, vm: string, names: readonly string[]): ProblemError {
  return new ProblemError("Conflict", {
    detail: `Point ${pointId} has no VM ${vm}`,
    action: `Name one of: ${names.join(", ")}.`,
    resource: `group-point/${pointId}`,
  });
}
