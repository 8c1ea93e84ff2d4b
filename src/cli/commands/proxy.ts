import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

const program = fileURLToPath(new URL("../../traffic/main.ts", import.meta.url));

/** A listener as its control tells it. */
interface Listener {
  readonly name: string;
  readonly protocol: string;
  readonly listen: string;
  readonly backend: string;
  readonly state: string;
  readonly hold?: { readonly hold_id: string; readonly until: string };
  readonly waiting: number;
  readonly in_flight: number;
  readonly totals: { readonly passed: number; readonly failed: number };
}

/** Runs until it is ended. It needs nothing of a stack. */
export async function runProxy(
  options: CommonOptions & {
    listen: readonly string[];
    control: string;
    dir: string;
    certFile?: string;
    keyFile?: string;
  },
): Promise<number> {
  const { certFile, keyFile } = options;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw usageError("--cert-file and --key-file belong together", "Give both, or none.");
  }
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      NOVACRON_PROXY_DIR: resolve(options.dir),
      NOVACRON_PROXY_LISTENERS: options.listen.join("\n"),
      NOVACRON_PROXY_CONTROL: options.control,
      ...(certFile === undefined ? {} : { NOVACRON_PROXY_CERT_FILE: resolve(certFile) }),
      ...(keyFile === undefined ? {} : { NOVACRON_PROXY_KEY_FILE: resolve(keyFile) }),
    },
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  return new Promise<number>((done) => child.once("exit", (exitCode) => done(exitCode ?? 1)));
}

export async function showProxy(options: CommonOptions & { control: string; dir: string }): Promise<void> {
  const token = readFileSync(join(options.dir, "token"), "utf8").trim();
  const list = await ask(options.control, token);
  await show(list, options.output, ({ items }) =>
    table(
      items,
      [
        { head: "listener", value: ({ name }) => name },
        { head: "protocol", value: ({ protocol }) => protocol },
        { head: "listens at", value: ({ listen }) => listen },
        { head: "backend", value: ({ backend }) => backend },
        {
          head: "state",
          value: ({ state, hold }) => (hold ? `${state} until ${hold.until} (${hold.hold_id})` : state),
        },
        { head: "waiting", value: ({ waiting }) => String(waiting) },
        { head: "in flight", value: ({ in_flight }) => String(in_flight) },
        { head: "passed", value: ({ totals }) => String(totals.passed) },
        { head: "failed", value: ({ totals }) => String(totals.failed) },
      ],
      "It has no listeners.",
    ),
  );
}

/** `control` is a URL, or the path of a socket. */
async function ask(control: string, token: string): Promise<{ items: readonly Listener[] }> {
  const path = "/v1/listeners";
  const options = { headers: { authorization: `Bearer ${token}` } };
  const outgoing = control.startsWith("/")
    ? request({ ...options, socketPath: control, path })
    : (control.startsWith("https:") ? secureRequest : request)(new URL(path, control), options);
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    outgoing.end();
  }).catch((cause: Error) => {
    throw usageError(`${control} does not answer (${cause.message})`, "See that the proxy runs; name its --control.");
  });
  if (status !== 200) throw usageError(`${control} answers ${status}`, "Name the proxy's own folder with --dir.");
  return JSON.parse(body) as { items: readonly Listener[] };
}
