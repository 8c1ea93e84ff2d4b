import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { instanceDir } from "../../host/paths.ts";
import { answerOf, type ConnectedApi, connectApi } from "../client.ts";
import { CliError } from "../failure.ts";
import { downStack, stackStatus, upStack } from "../stack/index.ts";
import { requireGoodEnd, watchMigration } from "../watch.ts";
import { type DemoReport, describe, type MoveReport, reportMove, withoutBootLine } from "./report.ts";
import * as steps from "./steps.ts";
import { dataWorkload, guestWorkload, type Workload, whyNoGuests } from "./workloads.ts";

export interface DemoOptions {
  /** `demo`, or a name that begins with `demo-`: the demo wipes it first. */
  readonly instance?: string;
  /** Prints the summary as JSON alone. */
  readonly json?: boolean;
  /** Leaves the stack and the guest up. */
  readonly keep?: boolean;
  /** Kills the worker with SIGKILL in the middle of the first copy. */
  readonly chaos?: boolean;
  /** Where it goes from `onprem-a`: `aws` by default. */
  readonly route?: string;
}

type DemoRun = DemoOptions & { readonly instance: string; readonly route: RouteName };

/** A stack of its own, so that a demo never touches what `up` keeps; each run starts from nothing. */
const defaultInstance = "demo";
const instancePattern = /^demo(-[a-z0-9-]+)?$/;
const home = "onprem-a";
/** By the name that `--route` takes: the site it goes to. */
const routes = { aws: "aws-us-east-1", "onprem-b": "onprem-b" } as const;
type RouteName = keyof typeof routes;
const guestName = "demo-app";
const dataVmName = "demo-data";
/** Slow enough that a kill can land in mid-copy. */
const chaosBytesPerSecond = 12 * 2 ** 20;

/**
 * Moves a real guest from a private libvirt host to a simulated cloud or another host and back, and proves each move.
 * Where no guest can run, it moves a VM's disks between the sites that can be had, and leaves the boot proof out.
 * Returns the exit code.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const started = performance.now();
  const instance = options.instance ?? defaultInstance;
  if (!instancePattern.test(instance)) {
    throw new CliError(
      `The demo would wipe the instance ${instance}`,
      "Name one that begins with demo-, or leave --instance out.",
      { exitCode: 2 },
    );
  }
  const run = { ...options, instance, route: routeOf(options.route ?? "aws") };
  const say = (line: string): void => void (options.json || process.stderr.write(`${line}\n`));
  try {
    const report = await withStack(run, say, (connected, setUpSeconds) =>
      moveThereAndBack(connected, run, say, () => ({ setUpSeconds, started })),
    );
    const links = { reference: `${report.apiUrl}/v1/reference`, kept: options.keep === true };
    process.stdout.write(options.json ? `${JSON.stringify(report.demo)}\n` : `\n${describe(report.demo, links)}\n`);
    return report.demo.ok ? 0 : 1;
  } catch (error) {
    if (!options.json) throw error;
    const problem =
      error instanceof CliError ? (error.problem ?? { detail: error.message }) : { detail: String(error) };
    process.stdout.write(`${JSON.stringify({ ok: false, problem })}\n`);
    return 1;
  }
}

async function withStack<T>(
  options: DemoRun,
  say: (line: string) => void,
  work: (connected: ConnectedApi, setUpSeconds: number) => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const { instance } = options;
  await downStack({ instance, wipe: true });
  await upStack({ instance, onProgress: say });
  const launcher = Number(process.env.NOVACRON_SET_UP_SECONDS ?? 0) || 0;
  try {
    return await work(connectApi({ instance }), launcher + (performance.now() - began) / 1000);
  } finally {
    if (!options.keep) {
      say("Taking the stack down");
      await downStack({ instance, wipe: false });
    }
  }
}

async function moveThereAndBack(
  connected: ConnectedApi,
  options: DemoRun,
  say: (line: string) => void,
  timing: () => { setUpSeconds: number; started: number },
): Promise<{ demo: DemoReport; apiUrl: string }> {
  const status = stackStatus({ instance: options.instance });
  const socket = status.connection?.sandboxSocket;
  if (!socket) throw new CliError("The sandbox can't be reached", "Read the logs in the instance's folder.");
  const noGuests = await whyNoGuests(socket);
  // A machine at a simulated cloud is a guest or nothing.
  const [a, b] = [home, routes[noGuests === undefined ? options.route : "onprem-b"]];
  if (noGuests === undefined) say(`Starting the guest ${guestName} on ${a}`);
  else say(withoutBootLine(noGuests));
  const workload = noGuests === undefined ? guestWorkload(socket, guestName) : dataWorkload(socket, dataVmName);
  const vmId = await workload.create(a);

  const there = await move(connected, { workload, vmId, from: a, to: b }, options, say);
  await workload.between(await steps.findVm(connected, b, there.targetVmId));
  const onTheWayBack = { workload, vmId: there.targetVmId, from: b, to: a };
  const back = await move(connected, onTheWayBack, { ...options, chaos: false }, say);
  // The way back is final first: its source is the first move's target.
  await steps.finalize(connected, back.migrationId);
  await steps.finalize(connected, there.migrationId);
  const alive = await steps.findVm(connected, a, back.targetVmId);
  const orphans = await steps.countOrphans(connected, [a, b], alive);
  const moves = [there.report, back.report];
  const booted = (one: MoveReport): boolean => one.booted || noGuests !== undefined;
  const ok = orphans === 0 && moves.every((one) => one.identical && booted(one) && one.application_intact);
  const { setUpSeconds, started } = timing();
  const demo: DemoReport = {
    ok,
    set_up_seconds: round(setUpSeconds),
    total_seconds: round((performance.now() - started) / 1000),
    moves,
    orphans,
    temporal_ui: status.connection?.temporalUiUrl ?? "",
    simulated: await steps.simulatedKinds(connected, [a, b]),
    ...(noGuests === undefined ? {} : { without_boot_proof: noGuests }),
  };
  return { demo, apiUrl: connected.baseUrl };
}

async function move(
  connected: ConnectedApi,
  from: { workload: Workload; vmId: string; from: string; to: string },
  options: DemoRun,
  say: (line: string) => void,
): Promise<{ report: MoveReport; migrationId: string; targetVmId: string }> {
  const source = await steps.findVm(connected, from.from, from.vmId);
  const before = await from.workload.before(source);
  say(`Moving ${source.name} from ${from.from} to ${from.to} (${before.words})`);
  const migration = await steps.startMigration(connected, {
    vm: from.vmId,
    from: from.from,
    to: from.to,
    httpProbes: from.workload.httpProbes,
    bandwidthBytesPerSecond: options.chaos ? chaosBytesPerSecond : undefined,
  });
  const id = migration.migration_id;
  const killed = options.chaos ? killWorkerInMidCopy(connected, options.instance, id, say) : Promise.resolve();
  const end = options.json ? await untilResting(connected, id) : await watchMigration(connected, id);
  await killed;
  requireGoodEnd(end);
  const targetVmId = end.vm.target_vm_id;
  if (!targetVmId) throw new CliError(`Migration ${id} names no target VM`, "Report this.");
  const target = await steps.findVm(connected, from.to, targetVmId);
  const applicationIntact = await before.intactAt(target);
  const certificate = await answerOf(
    connected.api.GET("/v1/migrations/{id}/certificate", { params: { path: { id } } }),
  );
  const certificateFile = keepCertificate(options.instance, id, certificate);
  const { identical } = certificate;
  return { report: reportMove(end, { identical, applicationIntact, certificateFile }), migrationId: id, targetVmId };
}

function routeOf(name: string): RouteName {
  if (name in routes) return name as RouteName;
  throw new CliError(`There is no route ${name}`, `Choose one of ${Object.keys(routes).join(", ")}.`, { exitCode: 2 });
}

async function killWorkerInMidCopy(
  connected: ConnectedApi,
  instance: string,
  id: string,
  say: (line: string) => void,
): Promise<void> {
  for (;;) {
    const now = await steps.readMigration(connected, id);
    const half = now.step === "copy" && now.bytes_to_move > 0 && now.bytes_copied >= now.bytes_to_move / 3;
    if (half || now.progress >= 35) break;
    if (now.state !== "running") return;
    await sleep(20);
  }
  const worker = stackStatus({ instance }).components.find((part) => part.name === "worker");
  if (!worker?.process) throw new CliError("There is no worker to kill", "Run the demo again.");
  process.kill(worker.process.pid, "SIGKILL");
  say(`Killed the worker (pid ${worker.process.pid}) in the middle of the copy; the supervisor starts another`);
}

async function untilResting(connected: ConnectedApi, id: string): Promise<steps.Migration> {
  for (;;) {
    const now = await steps.readMigration(connected, id);
    if (!["running", "queued", "paused", "rolling-back"].includes(now.state)) return now;
    await sleep(100);
  }
}

function keepCertificate(instance: string, id: string, certificate: object): string {
  const folder = join(instanceDir(instance), "certificates");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${id}.json`);
  writeFileSync(file, `${JSON.stringify(certificate, undefined, 2)}\n`);
  return file;
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
