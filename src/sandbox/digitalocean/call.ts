/** One request, taken apart. */
export interface Call {
  /** `droplets_create`. */
  readonly operation: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** All there is under a name, to be shown a page at a time. */
export interface Listed {
  readonly member: string;
  readonly all: readonly object[];
}

/** What an operation answers: an object, a list, or nothing. */
export type Handler = (call: Call) => Reply | Promise<Reply>;
export type Reply = object | Listed | undefined;
export type Handlers = Readonly<Record<string, Handler>>;

export function isListed(reply: object): reply is Listed {
  return "member" in reply && "all" in reply;
}
