import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { WaveView } from "../src/domain/wave.ts";
import { rollbackUpdate } from "../src/workflows/migrate-vm/messages.ts";
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
    note(
      `run ${done + 1}: ${outcome.seconds.toFixed(1)} s for ${(outcome.bytes / mib).toFixed(0)} MiB, at most ${(outcome.highest / 1e6).toFixed(1)} MB/s`,
    );
  }
  const worst = <K extends keyof Outcome>(key: K) => Math.max(...outcomes.map((outcome) => outcome[key]));
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
      const seen = await look(lab, database, waveId);
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
  for (const { migrationId } of wave.members) {
    resent += (await lab.store.migrations.get(migrationId))?.bytesResent ?? 0;
    await lab.client.workflow.getHandle(`migration/${migrationId}`).executeUpdate(rollbackUpdate);
  }
  const { seconds, bytesCopied: bytes } = wave.totals;
  return { seconds, bytes, highest: highestRate(samples), atWork, resent };
}

/** What all VMs of the wave have sent, and how many are at work. */
async function look(lab: StackLab, database: pg.Client, waveId: string): Promise<Sample & { atWork: number }> {
  const at = performance.now();
  const { rows } = await database.query<{ bytes: number }>(
    `select coalesce(sum(greatest(attempt_sent, bytes_copied) + bytes_resent), 0)::double precision as bytes
      from generations where generation_id like $1`,
    [`${waveId}-%`],
  );
  const sampledAt = (at + performance.now()) / 2;
  const found = await lab.store.waves.getScoped(waveId);
  const members: WaveView["members"] = found?.wave.members ?? [];
  const running = members.filter(({ state, migrationState }) => state === "running" && migrationState !== "queued");
  return { at: sampledAt, bytes: rows[0]?.bytes ?? 0, atWork: running.length };
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
