import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { readRuntime, required } from "../config/runtime.ts";
import { loadHostTools } from "../host/host-tools.ts";
import { makeSocketDir } from "../host/paths.ts";
import { adminServer } from "./admin.ts";
import { Guests } from "./guests.ts";
import { LibvirtHost } from "./libvirt-host.ts";

/** Sites for everyone: two private libvirt hosts on this machine. */
const sites = ["onprem-a", "onprem-b"];

const runtime = readRuntime(process.env);
const log = pino({ name: "sandbox", level: runtime.logLevel ?? "info" });
const instanceDir = required(runtime, "instanceDir");
const toolsManifest = required(runtime, "toolsManifest");
const tools = loadHostTools(toolsManifest);
const socket = join(makeSocketDir(instanceDir), "sandbox.sock");

const hosts = sites.map((site, index) => new LibvirtHost(tools, instanceDir, site, index));
await Promise.all(hosts.map((host, index) => host.start(index)));
const guests = new Guests(tools, join(dirname(toolsManifest), "guests"));
for (const host of hosts) {
  for (const vmId of host.takeResumable()) {
    await guests.start(host, vmId).catch((error: unknown) => log.warn({ error, vmId }, "A guest did not start again"));
  }
}
writeSites(required(runtime, "sitesFile"));
rmSync(socket, { force: true });
const server = adminServer(hosts, guests);
server.listen(socket, () => log.info({ sites, socket }, "The sandbox serves"));

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    log.info("Ending the guests and their hosts");
    server.close();
    Promise.all(hosts.map((host) => host.stop())).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error(error, "Not everything could be ended");
        process.exit(1);
      },
    );
  });
}

/** The sites as provider entries, for the configuration of API and worker. */
function writeSites(path: string): void {
  const providers = hosts.map(({ site, uri, storagePath }) => ({
    name: site,
    type: "libvirt",
    enabled: true,
    uri,
    storage_path: storagePath,
    sandbox: true,
  }));
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify({ providers }, undefined, 2)}\n`);
  renameSync(partial, path);
}
