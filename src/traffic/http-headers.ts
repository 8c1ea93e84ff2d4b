import type { IncomingMessage } from "node:http";

/** Of one connection, not of the message (RFC 9110, section 7.6.1). */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Of the message, whatever the connection's own header says of them: without its length a body would be read as another
 *  request. */
const ofTheMessage = new Set(["content-length", "host"]);

const via = "1.1 novacron";

/** What goes on to the next one: names and values in turn, as they came. */
export function passedOn(message: IncomingMessage): string[] {
  const named = (message.headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const left = new Set([...hopByHop, ...named.filter((name) => !ofTheMessage.has(name))]);
  const kept: string[] = [];
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    const [name = "", value = ""] = message.rawHeaders.slice(at, at + 2);
    if (!left.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** As the backend gets them. */
export function forBackend(message: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string[]> = {};
  const add = (name: string, value: string): void => {
    const values = headers[name.toLowerCase()] ?? [];
    values.push(value);
    headers[name.toLowerCase()] = values;
  };
  const kept = passedOn(message);
  for (let at = 0; at < kept.length; at += 2) add(kept[at] ?? "", kept[at + 1] ?? "");
  add("x-forwarded-for", message.socket.remoteAddress ?? "");
  if (!headers["x-forwarded-proto"]) add("x-forwarded-proto", "http");
  add("via", via);
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values]),
  );
}
