import type { Logger } from "pino";
import type { Store } from "../store/index.ts";
import { asProblem } from "./problem.ts";
import type { Answer } from "./route.ts";
import { fromTemporal } from "./temporal-problem.ts";

interface AuditedRequest {
  readonly event: string;
  readonly actor: string;
  readonly resource: string;
  readonly requestId: string;
  readonly body: unknown;
}

/**
 * Two entries a request: that it was asked for, written before anything happens (no trail, no deed), and how it ended.
 * The second may be missing after a crash; the request id joins them.
 */
export async function audited(
  { store, log }: { store: Store; log: Logger },
  request: AuditedRequest,
  work: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  const { event: action, actor, resource, requestId, body } = request;
  const write = (outcome: string, more: { workflowId?: string; after?: unknown } = {}) =>
    store.audit.append({ at: new Date().toISOString(), actor, action, resource, requestId, outcome, ...more });
  await write("asked", { after: body });
  const note = async (outcome: string, more?: { workflowId?: string }) => {
    await write(outcome, more).catch((error: unknown) => {
      log.error({ requestId, action, outcome, err: error }, "an audit entry was lost");
    });
  };
  try {
    const answer = await work();
    await note("done", { workflowId: answer?.workflowId });
    return answer;
  } catch (error) {
    await note(asProblem(fromTemporal(error)).code);
    throw error;
  }
}
