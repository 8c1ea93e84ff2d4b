import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readRuntime, required } from "../config/runtime.ts";
import { loadHostTools } from "../host/host-tools.ts";
import { makeSocketDir, makeToolDir } from "../host/paths.ts";
import { keptPort } from "../host/ports.ts";
import { requireToolsManifest } from "../host/tools-manifest.ts";
import { createLogger } from "../telemetry/logger.ts";
import { adminServer } from "./admin.ts";
import { demoGroupName } from "./aws/ec2/default-network.ts";
import { setUpEvents } from "./aws/events/set-up.ts";
import { startAws } from "./aws/index.ts";
import { setUpEvents as setUpAzureEvents } from "./azure/events/event-grid.ts";
import { startAzure } from "./azure/index.ts";
import { demoGroupName as demoAzureGroup } from "./azure/network/default-network.ts";
import { obeyOrders } from "./cloud/orders.ts";
import { startDigitalOcean } from "./digitalocean/index.ts";
import { demoTag as demoNetworkTag } from "./gcp/compute/default-network.ts";
import { startGcp } from "./gcp/index.ts";
import { guestImage } from "./guest/image.ts";
import { startOci } from "./oci/index.ts";
import { setUpEvents as setUpOciEvents } from "./oci/streaming.ts";
import { onPremiseSites } from "./on-premise.ts";

const runtime = readRuntime(process.env);
const log = createLogger({ name: "sandbox", level: runtime.logLevel ?? "info" });
const instanceDir = required(runtime, "instanceDir");
const toolsManifest = required(runtime, "toolsManifest");
const tools = loadHostTools(toolsManifest);
const socket = join(makeSocketDir(instanceDir), "sandbox.sock");

const templates = join(dirname(toolsManifest), "guests");
const { sites, noGuests } = await onPremiseSites({
  tools,
  guests: requireToolsManifest(toolsManifest).guests,
  instanceDir,
  templates,
  warn: (message, facts) => log.warn(facts, message),
});
if (noGuests !== undefined) log.warn({ reason: noGuests }, "No guests can run here");
const starting = Promise.all(sites.map((site) => site.start()));
const cloudParts = {
  tools,
  socketDir: makeSocketDir(instanceDir),
  guestImage: () => guestImage(tools, templates),
  log: (message: string, facts?: object) => log.warn(facts ?? {}, message),
};
const cloudDir = (name: string) => makeToolDir(join(makeToolDir(join(instanceDir, "sites"), 0o755), name), 0o755);
const awsDir = cloudDir("aws");
const aws = await startAws({ ...cloudParts, dir: awsDir }, await keptPort(join(awsDir, "port")));
setUpEvents(aws.events, "us-east-1");
const gcpDir = cloudDir("gcp");
const gcp = await startGcp({ ...cloudParts, dir: gcpDir }, await keptPort(join(gcpDir, "port")));
const ociDir = cloudDir("oci");
const oci = await startOci({ ...cloudParts, dir: ociDir }, await keptPort(join(ociDir, "port")));
setUpOciEvents(oci.cloud);
const azureDir = cloudDir("azure");
const azure = await startAzure({ ...cloudParts, dir: azureDir }, await keptPort(join(azureDir, "port")));
setUpAzureEvents(azure.cloud, azure.resourceGroup);
const digitalOceanDir = cloudDir("digitalocean");
const digitalOcean = await startDigitalOcean(
  { ...cloudParts, dir: digitalOceanDir },
  await keptPort(join(digitalOceanDir, "port")),
);
const clouds = [aws.admin, azure.admin, gcp.admin, oci.admin, digitalOcean.admin];
obeyOrders(clouds, join(instanceDir, "sandbox.json"));
await starting;
writeSites(required(runtime, "sitesFile"));
rmSync(socket, { force: true });
const server = adminServer(sites, noGuests, clouds);
server.listen(socket, () => log.info({ sites: sites.map(({ site }) => site), socket }, "The sandbox serves"));

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    log.info("Ending the guests and their hosts");
    server.close();
    const simulated = [aws, azure, gcp, oci, digitalOcean];
    Promise.all([...sites, ...simulated].map((site) => site.stop())).then(
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
  const onPremise = sites.map(({ site, type, uri, storagePath }) => ({
    name: site,
    type,
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
  const simulatedGcp = {
    name: "gcp",
    type: "gcp",
    enabled: true,
    region: gcp.region,
    zone: gcp.zone,
    project_id: gcp.project,
    billing_table: gcp.billingTable,
    endpoint: gcp.endpoint,
    sandbox: true,
    credentials: { type: "service_account", service_account: JSON.stringify(gcp.serviceAccountKey) },
    security_groups: [demoNetworkTag],
  };
  const { tenantId, clientId, clientSecret } = azure;
  const simulatedAzure = {
    name: "azure",
    type: "azure",
    enabled: true,
    region: azure.location,
    endpoint: azure.endpoint,
    sandbox: true,
    subscription_id: azure.subscriptionId,
    resource_group: azure.resourceGroup,
    storage_account: azure.storageAccount.name,
    credentials: { type: "client_secret", tenant_id: tenantId, client_id: clientId, client_secret: clientSecret },
    security_groups: [demoAzureGroup],
  };
  const { tenancy, user, fingerprint, privateKey } = oci.credentials;
  const simulatedOci = {
    name: "oci",
    type: "oci",
    enabled: true,
    region: oci.region,
    endpoint: oci.endpoint,
    sandbox: true,
    compartment: oci.compartment,
    credentials: { type: "api_key", tenancy, user, fingerprint, private_key: privateKey },
    security_groups: [oci.demoGroupId],
  };
  const simulatedDigitalOcean = {
    name: "digitalocean",
    type: "digitalocean",
    enabled: true,
    region: digitalOcean.region,
    endpoint: digitalOcean.endpoint,
    sandbox: true,
    credentials: { type: "api_token", token: digitalOcean.token },
  };
  const providers = [
    ...[...onPremise, simulatedAws, simulatedAzure, simulatedGcp, simulatedOci],
    simulatedDigitalOcean,
  ];
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  // It holds the simulation's keys: worthless elsewhere, but nobody else's business here.
  writeFileSync(partial, `${JSON.stringify({ providers }, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(partial, path);
}
