import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { readRuntime, required } from "../config/runtime.ts";
import { type ProxyListener, parseAddress, parseListener } from "../domain/traffic-proxy.ts";
import { createLogger } from "../telemetry/logger.ts";
import { controlServer } from "./control.ts";
import { ProxyMetrics } from "./metrics.ts";
import { Proxy } from "./proxy.ts";

const loopback = ["127.0.0.1", "::1", "localhost"];

const runtime = readRuntime(process.env);
const log = createLogger({ name: "proxy", level: runtime.logLevel ?? "info" });
const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());

const dir = required(runtime, "proxyDir");
const control = required(runtime, "proxyControl");
const listeners = readListeners();
const tls =
  runtime.proxyCertFile === undefined
    ? {}
    : {
        tls: {
          cert: readFileSync(runtime.proxyCertFile, "utf8"),
          key: readFileSync(required(runtime, "proxyKeyFile"), "utf8"),
        },
      };

mkdirSync(dir, { recursive: true, mode: 0o700 });
const proxy = await Proxy.start({ dir, listeners });
const server = controlServer(proxy, new ProxyMetrics(proxy), {
  ...{ token: ownToken(join(dir, "token")), ...tls },
  log: (level, message, facts) => log[level](facts ?? {}, message),
});
if (control.startsWith("/")) {
  rmSync(control, { force: true });
  const umask = process.umask(0o177);
  server.listen(control);
  process.umask(umask);
} else {
  const address =
    parseAddress(control) ?? refuse("NOVACRON_PROXY_CONTROL", `${control} is no address`, "Write HOST:PORT.");
  if (!loopback.includes(address.host) && !("tls" in tls)) {
    refuse(
      "NOVACRON_PROXY_CONTROL",
      `${control} is reached from elsewhere, where a token would be read by others`,
      "Give it a certificate (--cert-file, --key-file), or listen on 127.0.0.1.",
    );
  }
  server.listen(address.port, address.host);
}
await once(server, "listening");
log.info(
  { control: server.address(), listeners: proxy.views.map(({ name, listen, backend }) => ({ name, listen, backend })) },
  "the proxy serves",
);

if (!stopping.signal.aborted) await once(stopping.signal, "abort");
log.info("the proxy ends");
await proxy.close();
process.exit();

/** Its command line's, else the configuration's. */
function readListeners(): readonly ProxyListener[] {
  const { proxyListeners, configFile, sitesFile } = runtime;
  if (proxyListeners === undefined)
    return loadConfig({ file: configFile, sitesFile, env: process.env }).traffic.listeners;
  return proxyListeners.split("\n").map((text) => {
    const listener = parseListener(text);
    return (
      listener ?? refuse("NOVACRON_PROXY_LISTENERS", `${text} is no listener`, "Write NAME http|tcp LISTEN BACKEND.")
    );
  });
}

/** Made once; only its owner reads it. */
function ownToken(file: string): string {
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  return readFileSync(file, "utf8").trim();
}

function refuse(key: string, problem: string, fix: string): never {
  throw new ConfigError({ file: "the environment", key, problem, fix });
}
