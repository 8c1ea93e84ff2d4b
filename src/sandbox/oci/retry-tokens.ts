import { createHash } from "node:crypto";
import { InTurn } from "../cloud/in-turn.ts";
import { invalid, OciError } from "./errors.ts";
import type { Reply } from "./operation.ts";
import type { Registry } from "./registry.ts";

/** https://docs.oracle.com/en-us/iaas/Content/API/Concepts/usingapi.htm: retry tokens expire after 24 hours. */
const rememberedMs = 24 * 3_600_000;

/** Makes calls with a retry token happen once: a repeat gets what the first one made, as it is by now. */
export class RetryTokens {
  readonly #registry: Registry;
  readonly #turns = new InTurn();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** `wish` is all that the call asks for. @throws OciError InvalidatedRetryToken when what it made is gone. */
  once(operation: string, token: string, wish: Buffer | string, act: () => Reply | Promise<Reply>): Promise<Reply> {
    if (token.length < 1 || token.length > 64) throw invalid("opc-retry-token", "must have 1 to 64 characters");
    const id = `${operation}/${token}`;
    return this.#turns.run(id, () => this.#once(id, wish, act));
  }

  async #once(id: string, wish: Buffer | string, act: () => Reply | Promise<Reply>): Promise<Reply> {
    const { tokens } = this.#registry.cloud.tables;
    for (const old of tokens.where(({ at }) => Date.now() - at > rememberedMs)) tokens.delete(old.id);
    const fingerprint = createHash("sha256").update(wish).digest("hex");
    const known = tokens.get(id);
    if (!known) {
      const reply = await act();
      const resourceId = (reply.body as { id?: unknown } | undefined)?.id;
      const workRequestId = reply.headers?.["opc-work-request-id"];
      if (typeof resourceId === "string") {
        const facts = typeof workRequestId === "string" ? { workRequestId } : {};
        tokens.put({ id, fingerprint, resourceId, at: Date.now(), ...facts });
      }
      return reply;
    }
    const kind = this.#registry.kindOf(known.resourceId);
    const resource = kind?.table.get(known.resourceId);
    if (known.fingerprint !== fingerprint) throw invalid("opc-retry-token", "was used with other parameters");
    if (!kind || !resource || resource.deletedAt !== undefined) {
      throw new OciError(
        409,
        "InvalidatedRetryToken",
        "The provided retry token was used in an earlier request, and what that made is gone.",
      );
    }
    return this.#registry.one(kind, resource, { "opc-work-request-id": known.workRequestId });
  }
}
