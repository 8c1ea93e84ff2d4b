/**
 * `load-time`: how long a worker takes from its process' start until Temporal sees it poll, with AWS among its sites, beside
 * the same worker without. Fresh processes, the workflows bundled beforehand as in production; rounds are interleaved.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@temporalio/client";
import proto from "@temporalio/proto";
import { taskQueue } from "../src/temporal/connection.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { NodePart } from "./lib/parts.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";
import { type LabParts, StackLab, startParts } from "./lib/stack-lab.ts";

export const loadTimeBench: Bench = {
  name: "load-time",
  summary: "A worker's start until it polls, with AWS configured, beside the same worker without",
  run,
};

const goalSeconds = 2;
const { TaskQueueType } = proto.temporal.api.enums.v1;

async function run({ note, runs = 7 }: BenchContext): Promise<Figure[]> {
  const parts = await startParts();
  await using lab = new StackLab(parts);
  const sites = join(lab.dir, "sites.json");
  const fewer = join(lab.dir, "sites-without-aws.json");
  writeFileSync(fewer, JSON.stringify(withoutAws(sites)));
  const workers = { "with AWS": workerPart(parts, sites), "without AWS": workerPart(parts, fewer) };
  const spent: Record<keyof typeof workers, number[]> = { "with AWS": [], "without AWS": [] };
  const start = (what: keyof typeof workers) => async (round: number) => {
    const { took, processor } = await startedIn(workers[what]);
    spent[what].push(processor);
    note(`round ${round + 1}: ${what} ${took.toFixed(2)} s`);
    return took;
  };
  // Makes the bundle, and brings store and caches to where a restart finds them.
  for (const worker of Object.values(workers)) await startedIn(worker);
  const seen = await interleave(runs, { with: start("with AWS"), without: start("without AWS") });
  const [value, peer_value] = [median(seen.with), median(seen.without)];
  const peer = "without AWS configured";
  const common = { value, unit: "s", better: "lower" } as const;
  return [
    figure({ ...common, name: "a worker's start with AWS configured", goal: goalSeconds }),
    figure({ ...common, name: "beside the same worker", peer, peer_value }),
    // Other work on the machine makes a start longer, and this hardly.
    figure({
      ...common,
      name: "processor time of it",
      value: median(spent["with AWS"]),
      peer,
      peer_value: median(spent["without AWS"]),
    }),
  ];
}

interface SitesFile {
  readonly providers: readonly { readonly type?: string; readonly name: string }[];
}

function withoutAws(file: string): SitesFile {
  const content = JSON.parse(readFileSync(file, "utf8")) as SitesFile;
  const providers = content.providers.filter(({ type, name }) => (type ?? name) !== "aws");
  if (providers.length !== content.providers.length - 1) throw new Error("The sandbox has no AWS to be left out.");
  return { ...content, providers };
}

function workerPart(parts: LabParts, sitesFile: string): NodePart {
  return new NodePart("worker", {
    env: { ...parts.env, NOVACRON_SITES: sitesFile },
    logFile: join(parts.dir, "worker.log"),
    ready: (pid) => polls(parts.client, pid),
  });
}

/** Seconds until Temporal sees a new process ask for workflows and for activities, and its processor time by then. */
async function startedIn(worker: NodePart): Promise<{ took: number; processor: number }> {
  try {
    const took = await seconds(() => worker.start());
    return { took, processor: processorSeconds(worker.pid ?? 0) };
  } finally {
    await worker.stop();
  }
}

/** User and system time of a process with all its threads (proc(5): fields 14 and 15, in hundredths). */
function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function polls({ workflowService, options }: Client, pid: number): Promise<boolean> {
  const kinds = [TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY];
  const answers = await Promise.all(
    kinds.map((taskQueueType) =>
      workflowService.describeTaskQueue({
        namespace: options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType,
      }),
    ),
  );
  return answers.every(({ pollers }) => pollers?.some(({ identity }) => identity?.startsWith(`${pid}@`)));
}
