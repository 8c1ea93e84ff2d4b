import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../src/host/lock.ts";
import { cacheDir } from "../../src/host/paths.ts";

const comesUpWithinMs = 60_000;

/** An emulator that others wrote, fetched into the cache once. */
export interface Referee {
  /** With its version. */
  readonly name: string;
  /** Puts all of it into an empty folder. Why that can't be done; undefined when it is. */
  bring(folder: string): Promise<string | undefined>;
}

export function refereeHome({ name }: Referee): string {
  return join(cacheDir(), name);
}

/** Why it can't be had; undefined when it is there. */
export async function bringInReferee(referee: Referee): Promise<string | undefined> {
  const { name } = referee;
  const folder = refereeHome(referee);
  if (existsSync(folder)) return undefined;
  mkdirSync(cacheDir(), { recursive: true });
  return withLock(join(cacheDir(), `${name}.lock`), async () => {
    if (existsSync(folder)) return undefined;
    console.log(`# Bringing in ${name} for tests (nothing is installed)`);
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial);
    const failure = await referee.bring(partial);
    if (failure === undefined) renameSync(partial, folder);
    else rmSync(partial, { recursive: true, force: true });
    return failure === undefined ? undefined : `${name} can't be had: ${failure}`;
  });
}

export interface RunningReferee {
  /** Of its own, gone with it. */
  readonly dir: string;
  stop(): Promise<void>;
}

/** Starts one, and waits until `origin` answers anything at all. */
export async function startReferee(
  origin: string,
  start: (dir: string) => { readonly program: string; readonly args: readonly string[]; readonly env?: object },
): Promise<RunningReferee> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-referee-"));
  const { program, args, env } = start(dir);
  const logFile = join(dir, "log");
  const log = openSync(logFile, "a");
  const child = spawn(program, [...args], { env: { ...process.env, ...env }, cwd: dir, stdio: ["ignore", log, log] });
  closeSync(log);
  const referee = { dir, stop: () => end(child, dir) };
  const deadline = Date.now() + comesUpWithinMs;
  while (child.exitCode === null && Date.now() < deadline) {
    if (await answers(origin)) return referee;
    await sleep(50);
  }
  const said = readFileSync(logFile, "utf8").slice(-2_000);
  await referee.stop();
  throw new Error(`${program} does not answer: ${said}`);
}

async function end(child: ChildProcess, dir: string): Promise<void> {
  if (child.exitCode === null) {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
  rmSync(dir, { recursive: true, force: true });
}

function answers(origin: string): Promise<boolean> {
  return fetch(origin).then(
    async (response) => {
      await response.body?.cancel();
      return true;
    },
    () => false,
  );
}
