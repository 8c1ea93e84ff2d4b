// Records a run's history for test/replay: node scripts/record-history.ts TEMPORAL_ADDRESS WORKFLOW_ID NAME
import { writeFile } from "node:fs/promises";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { connectClient } from "../src/temporal/connection.ts";

const [address, workflowId, name] = process.argv.slice(2);
if (!address || !workflowId || !name) {
  console.error("usage: node scripts/record-history.ts TEMPORAL_ADDRESS WORKFLOW_ID NAME");
  process.exit(2);
}
const client = await connectClient({ address, namespace: "default" });
const history = await client.workflow.getHandle(workflowId).fetchHistory();
const file = new URL(`../test/replay/histories/${name}.json`, import.meta.url);
const document: unknown = JSON.parse(historyToJSON(history));
await writeFile(file, `${JSON.stringify(document, undefined, 1)}\n`);
console.log(`${history.events?.length} events → ${file.pathname}`);
await client.connection.close();
