import { closeSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessIdentity } from "./process-identity.ts";
import { isAlive, ownIdentity } from "./process-identity.ts";

/**
 * Runs `work` while no other process of this machine holds the lock file. A holder that died is not waited for.
 * `onWait` is called once when somebody else is at it.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  let told = false;
  while (!tryLock(file)) {
    if (!told) {
      onWait?.();
      told = true;
    }
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  const own = `${file}.${process.pid}`;
  const descriptor = openSync(own, "w", 0o644);
  writeSync(descriptor, JSON.stringify(ownIdentity()));
  closeSync(descriptor);
  try {
    // link() either makes the whole file appear or fails: a reader never sees half of it.
    linkSync(own, file);
    return true;
  } catch {
    if (!holderLives(file)) {
      rmSync(file, { force: true });
    }
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderLives(file: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity);
  } catch {
    return false;
  }
}
