import type { IncomingMessage } from "node:http";
import type { ContentStore } from "../../cloud/contents.ts";
import type { Answer } from "../../cloud/http-front.ts";
import type { GcpCloud } from "../cloud.ts";
import type { StorageTables } from "./state.ts";

/** One call of Cloud Storage's JSON API. */
export interface StorageCall {
  readonly bucket: string;
  readonly object: string;
  readonly query: Readonly<Record<string, string>>;
  readonly request: IncomingMessage;
  /** What the path says beyond bucket and object. */
  readonly rest: readonly string[];
}

export interface StorageParts {
  readonly cloud: GcpCloud;
  readonly tables: StorageTables;
  readonly contents: ContentStore;
}

export type StorageOperations = Readonly<Record<string, (call: StorageCall) => Answer | Promise<Answer>>>;

export function json(value: object, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8", ...headers },
    body: JSON.stringify(value),
  };
}

export function empty(status = 204): Answer {
  return { status, headers: {} };
}
