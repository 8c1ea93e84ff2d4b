import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { readRuntime, required } from "../config/runtime.ts";
import { loadHostTools } from "../host/host-tools.ts";
import { makeSocketDir, makeToolDir } from "../host/paths.ts";
import { keptPort } from "../host/ports.ts";
import { adminServer } from "./admin.ts";
import { demoGroupName } from "./aws/ec2/default-network.ts";
import { startAws } from "./aws/index.ts";
import { guestImage } from "./guest/image.ts";
import { Guests } from "./guests.ts";
import { LibvirtHost } from "./libvirt-host.ts";

/** Sites for everyone: two private libvirt hosts on this machine, and a simulated AWS. */
const sites = ["onprem-a", "onprem-b"];

const runtime = readRuntime(process.env);
const log = pino({ name: "sandbox", level: runtime.logLevel ?? "info" });
const instanceDir = required(runtime, "instanceDir");
const toolsManifest = required(runtime, "toolsManifest");
const tools = loadHostTools(toolsManifest);
const socket = join(makeSocketDir(instanceDir), "sandbox.sock");

const hosts = sites.map((site, index) => new LibvirtHost(tools, instanceDir, site, index));
const starting = Promise.all(hosts.map((host, index) => host.start(index)));
const templates = join(dirname(toolsManifest), "guests");
const guests = new Guests(tools, templates);
const awsDir = makeToolDir(join(makeToolDir(join(instanceDir, "sites"), 0o755), "aws"), 0o755);
const awsPort = await keptPort(join(awsDir, "port"));
const aws = await startAws(
  {
    tools,
    dir: awsDir,
    socketDir: makeSocketDir(instanceDir),
    guestImage: () => guestImage(tools, templates),
    log: (message, facts) => log.warn(facts ?? {}, message),
  },
  awsPort,
);
await starting;
for (const host of hosts) {
  for (const vmId of host.takeResumable()) {
    await guests.start(host, vmId).catch((error: unknown) => log.warn({ error, vmId }, "A guest did not start again"));
  }
}
writeSites(required(runtime, "sitesFile"));
rmSync(socket, { force: true });
const server = adminServer(hosts, guests, [aws.admin]);
server.listen(socket, () => log.info({ sites, socket }, "The sandbox serves"));

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    log.info("Ending the guests and their hosts");
    server.close();
    Promise.all([...hosts.map((host) => host.stop()), aws.stop()]).then(
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
  const onPremise = hosts.map(({ site, uri, storagePath }) => ({
    name: site,
    type: "libvirt",
    enabled: true,
    uri,
    storage_path: storagePath,
    sandbox: true,
  }));
  const { id, secret } = aws.cloud.identity.administratorKeys;
  const simulatedAws = {
    name: "aws",
    type: "aws",
    enabled: true,
    region: "us-east-1",
    endpoint: aws.endpoint,
    sandbox: true,
    credentials: { type: "access_key", access_key: id, secret_key: secret },
    security_groups: [demoGroupName],
  };
  const providers = [...onPremise, simulatedAws];
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  // It holds the simulation's keys: worthless elsewhere, but nobody else's business here.
  writeFileSync(partial, `${JSON.stringify({ providers }, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(partial, path);
}
