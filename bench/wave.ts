import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { rollbackUpdate } from "../src/workflows/migrate-vm/messages.ts";
import { median } from "./lib/measure.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";
import { StackLab, startParts } from "./lib/stack-lab.ts";
import { planWave, startWave, untilWave } from "./lib/wave-lab.ts";

const mib = 2 ** 20;
const vms = 30;
const parallel = 3;
const disk = { sizeBytes: 192 * mib, dataBytes: 128 * mib };
/** 500 Mbps. */
const bytesPerSecond = 62_500_000;
const workers = 2;
/** What is sent is noted every 8 MiB of each copy: over so long that is 2 % of what the limit lets through. */
const windowMs = 20_000;
const sampleMs = 250;
const withinMs = 900_000;

export const waveBench: Bench = {
  name: "wave",
  summary: `${vms} VMs of 128 MiB each, ${parallel} at a time, over a link of 500 Mbps and two workers: time against bytes ÷ limit`,
  run,
};

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

async function run({ note, runs = 1 }: BenchContext): Promise<Figure[]> {
  await using lab = new StackLab(await startParts());
  const names = Array.from({ length: vms }, (_, index) => `wave-${index + 1}`);
  for (const name of names) await lab.sandbox("POST", "/data-vms", { site: "onprem-a", name, disks: [disk] });
  for (let started = 0; started < workers; started++) await lab.startWorkerProcess();
  const outcomes: Outcome[] = [];
  for (let done = 0; done < runs; done++) {
    const outcome = await oneWave(lab, names);
    outcomes.push(outcome);
    for (const [step, times] of outcome.steps) note(`${step}: ${median(times).toFixed(2)} s at the median`);
    note(
      `run ${done + 1}: ${outcome.seconds.toFixed(1)} s for ${(outcome.bytes / mib).toFixed(0)} MiB, at most ${(outcome.highest / 1e6).toFixed(1)} MB/s`,
    );
  }
  const worst = (key: Exclude<keyof Outcome, "steps">) => Math.max(...outcomes.map((outcome) => outcome[key]));
  return [
    figure({
      name: "total time",
      value: worst("seconds"),
      unit: "s",
      peer: "bytes ÷ limit",
      peer_value: worst("bytes") / bytesPerSecond,
      goal: 1.15,
      better: "lower",
    }),
    figure({
      name: `most in ${windowMs / 1000} s, all workers together`,
      value: worst("highest") / 1e6,
      unit: "MB/s",
      peer: "the limit",
      peer_value: bytesPerSecond / 1e6,
      goal: 1.05,
      better: "lower",
    }),
    figure({ name: "at work at once", value: worst("atWork"), unit: "VMs", goal: parallel, better: "lower" }),
    figure({ name: "bytes sent twice", value: worst("resent") / mib, unit: "MiB", better: "lower" }),
  ];
}

interface Outcome {
  readonly seconds: number;
  readonly bytes: number;
  readonly highest: number;
  readonly atWork: number;
  readonly resent: number;
  /** Seconds that each step took, until the next one began. */
  readonly steps: ReadonlyMap<string, readonly number[]>;
}

async function oneWave(lab: StackLab, names: readonly string[]): Promise<Outcome> {
  const plan = await planWave(lab, {
    defaults: { from: "onprem-a", to: "onprem-b", bandwidthBytesPerSecond: bytesPerSecond, incremental: false },
    vms: names.map((vm) => ({ vm })),
    parallel,
  });
  const waveId = await startWave(lab, plan);
  const samples: Sample[] = [];
  const database = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await database.connect();
  let atWork = 0;
  let ended = false;
  const sampling = (async () => {
    while (!ended) {
      const seen = await look(database, waveId);
      samples.push(seen);
      atWork = Math.max(atWork, seen.atWork);
      await sleep(sampleMs);
    }
  })();
  const wave = await untilWave(lab, waveId, ({ endedAt }) => endedAt !== undefined, withinMs).finally(() => {
    ended = true;
  });
  await sampling;
  await database.end();
  if (wave.state !== "completed") throw new Error(`The wave is ${wave.state}: ${JSON.stringify(wave.members)}`);
  let resent = 0;
  const steps = new Map<string, number[]>();
  for (const { migrationId } of wave.members) {
    const moved = await lab.store.migrations.get(migrationId);
    resent += moved?.bytesResent ?? 0;
    for (const [index, { step, startedAt, endedAt }] of moved?.steps.entries() ?? []) {
      const until = moved?.steps[index + 1]?.startedAt ?? endedAt ?? startedAt;
      steps.set(step, [...(steps.get(step) ?? []), (Date.parse(until) - Date.parse(startedAt)) / 1000]);
    }
    await lab.client.workflow.getHandle(`migration/${migrationId}`).executeUpdate(rollbackUpdate);
  }
  const { seconds, bytesCopied: bytes } = wave.totals;
  return { seconds, bytes, highest: highestRate(samples), atWork, resent, steps };
}

/** What all VMs of the wave have sent, and how many were touched and don't serve at the target yet. */
async function look(database: pg.Client, waveId: string): Promise<Sample & { atWork: number }> {
  const at = performance.now();
  const { rows } = await database.query<{ bytes: number; at_work: number }>(
    `select (select coalesce(sum(greatest(attempt_sent, bytes_copied) + bytes_resent), 0)::double precision
        from generations where generation_id like $1) as bytes,
      (select count(*)::integer from migrations m where wave_id = $2
        and exists (select from migration_steps s where s.migration_id = m.migration_id and step = 'stop')
        and not exists (select from migration_steps s
          where s.migration_id = m.migration_id and step = 'verify' and s.state = 'done')) as at_work`,
    [`${waveId}-%`, waveId],
  );
  const sampledAt = (at + performance.now()) / 2;
  return { at: sampledAt, bytes: rows[0]?.bytes ?? 0, atWork: rows[0]?.at_work ?? 0 };
}

function highestRate(samples: readonly Sample[]): number {
  let highest = 0;
  let first = 0;
  for (const sample of samples) {
    while (sample.at - (samples[first + 1]?.at ?? sample.at) >= windowMs) first += 1;
    const begin = samples[first];
    if (!begin || sample.at - begin.at < windowMs) continue;
    highest = Math.max(highest, (1000 * (sample.bytes - begin.bytes)) / (sample.at - begin.at));
  }
  return highest;
}
