import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Answer } from "../cloud/http-front.ts";

export type Service =
  | "core"
  | "identity"
  | "limits"
  | "workrequests"
  | "objectstorage"
  | "dns"
  | "loadbalancer"
  | "monitoring"
  | "streaming"
  | "events"
  | "usageapi";

/** One call, after it was authenticated. */
export interface Call {
  readonly requestId: string;
  /** Out of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly request: IncomingMessage;
  /** The body's JSON. @throws OciError CannotParseRequest. */
  json<T>(): T;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
  /** Answered as JSON. */
  readonly body?: unknown;
  /** Answered as it is. */
  readonly raw?: Answer["body"];
}

/** One operation of a service as the SDK has it: tests hold name, path and models to it. */
export interface Operation {
  readonly service: Service;
  /** The SDK's method with a capital: what faults and denials name it by. */
  readonly name: string;
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  /** The SDK's model of the body that it takes. */
  readonly takes?: string | undefined;
  /** The SDK's model of what it answers, with `[]` for a list. */
  readonly answers?: string | undefined;
  /** It reads the request's body itself, as a stream that the signature leaves out. */
  readonly streams?: boolean | undefined;
  run(call: Call): Reply | Promise<Reply>;
}

const prefixes: Readonly<Record<Service, string>> = {
  core: "/20160918",
  identity: "/20160918",
  workrequests: "/20160918",
  limits: "/20190729",
  objectstorage: "",
  dns: "/20180115",
  loadbalancer: "/20170115",
  monitoring: "/20180401",
  streaming: "/20180418",
  events: "/20181201",
  usageapi: "/20200107",
};

/** `route` is a method and a path without the service's version. */
export function operations(service: Service) {
  return (
    name: string,
    route: string,
    models: Pick<Operation, "takes" | "answers" | "streams">,
    run: Operation["run"],
  ): Operation => {
    const [method = "", path = ""] = route.split(" ");
    return { service, name, method, path: `${prefixes[service]}${path}`, ...models, run };
  };
}
