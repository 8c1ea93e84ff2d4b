import { isProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { DigitalOcean } from "./client.ts";
import { uniqueWords } from "./labels.ts";

/** As the API calls what it tags. */
export type Tagged = "droplet" | "volume" | "volume_snapshot";

interface WireTag {
  readonly name: string;
  readonly resources: { readonly count: number };
}

/** Tags are things of their own: they are made, put on resources, and outlive those. */
export class Tagging {
  readonly #cloud: DigitalOcean;

  constructor(cloud: DigitalOcean) {
    this.#cloud = cloud;
  }

  /** Harmless where it is there. */
  async make(word: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const body = { name: word };
    await this.#cloud
      .call({ operation: "tags_create", method: "POST", path: "tags", body, repeatable: true }, subject, signal)
      .catch((error: unknown) => {
        if (!isProviderError(error, "Conflict")) throw error;
      });
  }

  async find(word: string, subject: Subject, signal: AbortSignal): Promise<WireTag | undefined> {
    return this.#cloud.find<WireTag>("tags_get", `tags/${word}`, "tag", subject, signal);
  }

  async *list(subject: Subject, signal: AbortSignal): AsyncGenerator<WireTag> {
    yield* this.#cloud.list<WireTag>({ operation: "tags_list", path: "tags", member: "tags" }, subject, signal);
  }

  async delete(word: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#cloud.drop("tags_delete", `tags/${word}`, subject, signal);
  }

  async add(word: string, kind: Tagged, id: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const put = () =>
      this.#cloud.call(
        {
          operation: "tags_assign_resources",
          method: "POST",
          path: `tags/${word}/resources`,
          body: { resources: [{ resource_id: id, resource_type: kind }] },
          repeatable: true,
        },
        subject,
        signal,
      );
    await put().catch(async (error: unknown) => {
      if (!isProviderError(error, "NotFound")) throw error;
      // Either the tag is not there yet, or the resource is not any more.
      await this.make(word, subject, signal);
      await put();
    });
  }

  async remove(word: string, kind: Tagged, id: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const body = { resources: [{ resource_id: id, resource_type: kind }] };
    const request = { operation: "tags_unassign_resources", method: "DELETE", path: `tags/${word}/resources`, body };
    await this.#cloud.call({ ...request, method: "DELETE" }, subject, signal).catch((error: unknown) => {
      if (!isProviderError(error, "NotFound")) throw error;
    });
  }

  /** Deletes tags that told one thing of another that is gone. What another one has, too, stays. */
  async forget(words: readonly string[], subject: Subject, signal: AbortSignal): Promise<void> {
    for (const word of uniqueWords(words)) {
      const tag = await this.find(word, subject, signal);
      if (tag?.resources.count === 0) await this.delete(word, subject, signal);
    }
  }
}
