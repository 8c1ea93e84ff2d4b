/** Where something listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export const proxyProtocols = ["http", "tcp"] as const;
export type ProxyProtocol = (typeof proxyProtocols)[number];

/** One address of a proxy of ours, and where what comes in there goes to. */
export interface ProxyListener {
  readonly name: string;
  readonly protocol: ProxyProtocol;
  readonly listen: Address;
  readonly backend: Address;
}

/** How a hold ended: `released` by who asked for it, `lapsed` because nobody did in time. */
export interface HoldEnd {
  readonly holdId: string;
  readonly ended: "released" | "lapsed";
  readonly at: string;
  /** Requests or connections that waited, and those that got an error from the proxy instead of an answer: of these, and of
   *  what was under way. */
  readonly held: number;
  readonly failed: number;
  /** Of the one that waited the longest. */
  readonly longestMs: number;
}

export interface ListenerView {
  readonly name: string;
  readonly protocol: ProxyProtocol;
  readonly listen: string;
  readonly backend: string;
  readonly state: "open" | "holding";
  readonly hold?: { readonly holdId: string; readonly since: string; readonly until: string };
  readonly lastHold?: HoldEnd;
  /** What waits now, and what is at the backend now. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly totals: ListenerTotals;
}

/** Since the proxy started. */
export interface ListenerTotals {
  /** Answers, or connections, that came to their end. */
  readonly passed: number;
  readonly held: number;
  /** Sent again, as the backend was gone before it had said anything. */
  readonly retried: number;
  /** Answered with an error of the proxy's own. */
  readonly failed: number;
  /** Cut while an answer was on its way. */
  readonly broken: number;
}

/** How a proxy of ours is told what to do. Errors are ProviderErrors. */
export interface TrafficProxy {
  listener(name: string, signal: AbortSignal): Promise<ListenerView>;
  /** Keeps what comes from now on. The same hold may be asked for again; one that has ended never begins again.
   *  @throws ProviderError Conflict while another holds, or when this one has ended. */
  hold(
    name: string,
    hold: { readonly holdId: string; readonly seconds: number },
    signal: AbortSignal,
  ): Promise<ListenerView>;
  /** Sends everything there from now on, what was held first. `expected`: what it must point to now, unless it is directed
   *  there already. `holdId` ends that hold, and cuts what still waits for the backend before.
   *  @throws ProviderError Conflict when it points elsewhere, or when another holds. */
  direct(
    name: string,
    to: { readonly backend: string; readonly expected?: string; readonly holdId?: string },
    signal: AbortSignal,
  ): Promise<ListenerView>;
  /** Whether something answers at that address, as the proxy sees it; undefined when it does, else why not. */
  probe(
    name: string,
    at: { readonly backend: string; readonly path?: string },
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

/** `HOST:PORT`, an IPv6 host in brackets. */
export function parseAddress(text: string): Address | undefined {
  const [, host, port] = /^(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

export function formatAddress({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** `NAME http|tcp LISTEN BACKEND`, such as `shop http 0.0.0.0:80 10.0.0.5:8080`. */
export function parseListener(text: string): ProxyListener | undefined {
  const [name = "", protocol, listening = "", to = "", ...more] = text.trim().split(/\s+/);
  const listen = parseAddress(listening);
  const backend = parseAddress(to);
  const known = proxyProtocols.find((each) => each === protocol);
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(name) || !known || !listen || !backend || more.length > 0) return undefined;
  if (backend.port === 0) return undefined;
  return { name, protocol: known, listen, backend };
}
