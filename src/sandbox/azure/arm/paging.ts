import { AzureError } from "../errors.ts";
import type { ArmAnswer, ArmRequest } from "./request.ts";

/** A page of a list, with the link to the next one. */
export function page<T>(request: ArmRequest, all: readonly T[], size: number, show: (item: T) => object): ArmAnswer {
  const token = request.query.get("$skiptoken");
  const start = token === null ? 0 : Number(Buffer.from(token, "base64url").toString("utf8"));
  if (!Number.isInteger(start) || start < 0)
    throw new AzureError("InvalidSkipToken", "The skip token is not one that a list gave.");
  const value = all.slice(start, start + size).map(show);
  const next = start + size;
  if (next >= all.length) return { status: 200, body: { value } };
  const [path = "", query] = request.url.split("?");
  const parameters = new URLSearchParams(query);
  parameters.set("$skiptoken", Buffer.from(String(next)).toString("base64url"));
  return { status: 200, body: { value, nextLink: `${request.origin}${path}?${parameters.toString()}` } };
}
