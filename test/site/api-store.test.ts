import { join } from "node:path";
import { after } from "node:test";
import { apiStore } from "../../src/site/api-store.ts";
import { SiteClient } from "../../src/site/client.ts";
import { SiteIdentity } from "../../src/site/identity.ts";
import { SiteLab } from "../support/site-lab.ts";
import { checkpointContract } from "../transfer/checkpoint-contract.ts";

const lab = await SiteLab.start({ after });
const identity = await SiteIdentity.join(join(lab.dir, "identity"), await lab.joinToken("site-a"));
const { url, tls } = identity;
const client = new SiteClient({ url, authority: tls.ca, certificate: { key: tls.key, cert: tls.cert } });
after(() => client.close());
// Every generation of the contract is its.
const known = { planId: "p", workflowId: "migration/contract", vm: { name: "v", sourceVmId: "v" } };
await lab.store.migrations.create({ ...known, migrationId: "contract", from: "site-a", to: "site-b" });

checkpointContract(() => apiStore(client).checkpoints);
