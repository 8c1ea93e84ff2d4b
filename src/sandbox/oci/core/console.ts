import type * as core from "oci-core";
import { invalid } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import { common, type Kind, type Registry } from "../registry.ts";
import type { ConsoleHistory, Instance } from "../state.ts";
import type { Wire } from "../wire.ts";
import { readers } from "./readers.ts";

/** https://docs.oracle.com/en-us/iaas/api/#/en/iaas/latest/ConsoleHistory/CaptureConsoleHistory: up to a megabyte. */
const captureMostBytes = 2 ** 20;
/** Least and default of `length`: https://docs.oracle.com/en-us/iaas/tools/terraform-provider-oci/latest/docs/d/core_console_history_data.html */
const lengthLeast = 10_240;

/** Console histories: captured, waited for, read piece by piece. */
export function consoleOperations(registry: Registry, instanceKind: Kind<Instance>): Operation[] {
  const { cloud } = registry;
  const operation = operations("core");
  const stateOf = (history: ConsoleHistory) =>
    registry.timed(history, { making: "REQUESTED", ready: "SUCCEEDED", ending: "SUCCEEDED", ended: "SUCCEEDED" });
  const kind: Kind<ConsoleHistory> = registry.add({
    type: "consolehistory",
    table: cloud.tables.histories,
    stateOf,
    describe: (history: ConsoleHistory): Wire<core.models.ConsoleHistory> => ({
      ...common(history),
      availabilityDomain: history.availabilityDomain,
      instanceId: history.instanceId,
      lifecycleState: stateOf(history) as "REQUESTED" | "SUCCEEDED",
    }),
  });
  const path = "/instanceConsoleHistories/{instanceConsoleHistoryId}";
  return [
    operation(
      "CaptureConsoleHistory",
      "POST /instanceConsoleHistories",
      { takes: "CaptureConsoleHistoryDetails", answers: "ConsoleHistory" },
      (call) => {
        const details = call.json<Wire<core.models.CaptureConsoleHistoryDetails>>();
        const instance = registry.related(instanceKind, details.instanceId, "instanceId");
        const history = cloud.tables.histories.put({
          ...registry.resource(kind.type, { ...details, compartmentId: instance.compartmentId }),
          instanceId: instance.id,
          availabilityDomain: instance.availabilityDomain,
          content: cloud.guests.console(instance.guestId).subarray(-captureMostBytes).toString("base64"),
        });
        return registry.one(kind, history);
      },
    ),
    ...readers(
      registry,
      kind,
      "ConsoleHistory",
      path,
      { instanceId: ({ instanceId }) => instanceId },
      "ConsoleHistories",
    ),
    operation("GetConsoleHistoryContent", `GET ${path}/data`, {}, (call) => {
      const history = registry.find(kind, call.params.instanceConsoleHistoryId);
      registry.demand(kind, history, "SUCCEEDED");
      const content = Buffer.from(history.content, "base64");
      const offset = Number(call.query.get("offset") ?? 0);
      const length = Number(call.query.get("length") ?? lengthLeast);
      if (!Number.isInteger(offset) || offset < 0) throw invalid("offset", "must not be negative");
      if (!Number.isInteger(length) || length < lengthLeast) throw invalid("length", `must be at least ${lengthLeast}`);
      const piece = content.subarray(offset, offset + length);
      const remaining = Math.max(0, content.length - offset - piece.length);
      return { headers: { "content-type": "text/plain", "opc-bytes-remaining": remaining }, raw: piece };
    }),
    operation("DeleteConsoleHistory", `DELETE ${path}`, {}, (call) => {
      const history = registry.live(call, kind, call.params.instanceConsoleHistoryId);
      cloud.tables.histories.delete(history.id);
      return {};
    }),
  ];
}
