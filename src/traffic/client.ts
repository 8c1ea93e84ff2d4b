import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { uncarry } from "../domain/carried-error.ts";
import { ProviderError } from "../domain/errors.ts";
import type { ListenerView, TrafficProxy } from "../domain/traffic-proxy.ts";
import { fromWire, toWire, type Wire } from "../domain/wire.ts";
import { controlPath } from "./control-contract.ts";

export interface ProxyReach {
  /** The configuration's name of it. */
  readonly proxy: string;
  /** A URL, or the path of a socket of this machine. */
  readonly control: string;
  token(): Promise<string>;
  /** PEM file of the authority that its certificate is of. */
  readonly caFile?: string | undefined;
}

/** Longer than a probe by the proxy. */
const answerWithinMs = 30_000;

/** Tells a proxy what to do, over its control. */
export function proxyClient(reach: ProxyReach): TrafficProxy {
  const call = async <T>(
    method: string,
    path: string,
    body: Readonly<Record<string, unknown>> | undefined,
    signal: AbortSignal,
  ): Promise<T> => {
    const { status, text } = await exchange(reach, await reach.token(), method, path, body, signal);
    const value = parse(text);
    if (status === 200) return fromWire(value as Wire<T>);
    if (status === 401) {
      throw new ProviderError("InvalidInput", {
        operation: "tell the proxy what to do",
        resource: `proxy/${reach.proxy}`,
        reason: "it does not accept our token",
        action: "Give traffic.proxies[].token what is in the file `token` of the proxy's folder.",
      });
    }
    const error = uncarry(fromWire(value));
    throw new ProviderError(error.code, {
      ...error.details,
      resource: `proxy/${reach.proxy}${path.slice(controlPath.length)}`,
    });
  };
  const at = (name: string, order = "") => `${controlPath}/${encodeURIComponent(name)}${order}`;
  return {
    listener: (name, signal) => call<ListenerView>("GET", at(name), undefined, signal),
    hold: (name, hold, signal) => call<ListenerView>("PUT", at(name, "/hold"), hold, signal),
    direct: (name, to, signal) => call<ListenerView>("PUT", at(name, "/backend"), to, signal),
    async probe(name, where, signal) {
      const answer = await call<{ answers: boolean; reason?: string }>("POST", at(name, "/probe"), where, signal);
      return answer.answers ? undefined : (answer.reason ?? "nothing answers");
    },
  };
}

async function exchange(
  { proxy, control, caFile }: ProxyReach,
  token: string,
  method: string,
  path: string,
  body: Readonly<Record<string, unknown>> | undefined,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const ca = caFile === undefined ? {} : { ca: await readAuthority(proxy, caFile) };
  const text = body === undefined ? "" : JSON.stringify(toWire(body));
  const options = {
    method,
    signal,
    timeout: answerWithinMs,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    },
  };
  return new Promise((resolve, reject) => {
    const lost = (cause: Error): void => {
      if (signal.aborted) return reject(signal.reason);
      const resource = `proxy/${proxy}`;
      const action = `See that it runs, and that this machine reaches ${control}.`;
      reject(
        new ProviderError("Unavailable", {
          operation: "tell the proxy what to do",
          resource,
          reason: cause.message,
          action,
          cause,
        }),
      );
    };
    const outgoing = control.startsWith("/")
      ? request({ ...options, socketPath: control, path })
      : control.startsWith("https:")
        ? secureRequest(new URL(path, control), {
            ...options,
            ...ca,
          })
        : request(new URL(path, control), options);
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", lost);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", lost);
    outgoing.end(text);
  });
}

async function readAuthority(proxy: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new ProviderError("InvalidInput", {
      operation: "tell the proxy what to do",
      resource: `proxy/${proxy}`,
      reason: `the certificate of its authority can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      action: "Put it where traffic.proxies[].ca_file says, readable for the worker.",
      cause,
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
