/**
 * `load-time`: how long a worker takes from its process' start until Temporal sees it poll, with all clouds among its
 * sites, with AWS alone, and with none. Fresh processes, the workflows bundled beforehand as in production; rounds are interleaved.
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
  summary: "A worker's start until it polls, with all clouds configured, with AWS alone, and with none",
  run,
};

const goalSeconds = { all: 3, "AWS alone": 2 } as const;
const clouds = ["aws", "azure", "gcp", "oci"];
const { TaskQueueType } = proto.temporal.api.enums.v1;

async function run({ note, runs = 7 }: BenchContext): Promise<Figure[]> {
  const parts = await startParts();
  await using lab = new StackLab(parts);
  const sites = join(lab.dir, "sites.json");
  const withOnly = (kept: readonly string[]): NodePart => {
    const file = join(lab.dir, `sites-${kept.length}.json`);
    writeFileSync(file, JSON.stringify(withClouds(sites, kept)));
    return workerPart(parts, file);
  };
  const workers = { all: withOnly(clouds), "AWS alone": withOnly(["aws"]), none: withOnly([]) };
  const spent: Record<keyof typeof workers, number[]> = { all: [], "AWS alone": [], none: [] };
  const start = (what: keyof typeof workers) => async (round: number) => {
    const { took, processor } = await startedIn(workers[what]);
    spent[what].push(processor);
    note(`round ${round + 1}: clouds configured: ${what} ${took.toFixed(2)} s`);
    return took;
  };
  // Makes the bundle, and brings store and caches to where a restart finds them.
  for (const worker of Object.values(workers)) await startedIn(worker);
  const contenders = { all: start("all"), "AWS alone": start("AWS alone"), none: start("none") };
  const seen = await interleave(runs, contenders);
  const peer = "without clouds";
  return (["all", "AWS alone"] as const).flatMap((what) => {
    const common = { value: median(seen[what]), unit: "s", better: "lower" } as const;
    const configured = `clouds configured: ${what}`;
    return [
      figure({ ...common, name: `a worker's start, ${configured}`, goal: goalSeconds[what] }),
      figure({ ...common, name: `${configured}, beside the same worker`, peer, peer_value: median(seen.none) }),
      // Other work on the machine makes a start longer, and this hardly.
      figure({
        ...common,
        name: `${configured}, processor time of it`,
        value: median(spent[what]),
        peer,
        peer_value: median(spent.none),
      }),
    ];
  });
}

interface SitesFile {
  readonly providers: readonly { readonly type?: string; readonly name: string }[];
}

/** The sandbox's sites with those of its clouds only. */
function withClouds(file: string, kept: readonly string[]): SitesFile {
  const content = JSON.parse(readFileSync(file, "utf8")) as SitesFile;
  const kindOf = ({ type, name }: SitesFile["providers"][number]) => type ?? name;
  const lacking = clouds.filter((cloud) => !content.providers.some((provider) => kindOf(provider) === cloud));
  if (lacking.length > 0) throw new Error(`The sandbox has no ${lacking.join(", ")}.`);
  const left = clouds.filter((cloud) => !kept.includes(cloud));
  return { ...content, providers: content.providers.filter((provider) => !left.includes(kindOf(provider))) };
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
