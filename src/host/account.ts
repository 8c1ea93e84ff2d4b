import { accessSync, constants, readFileSync } from "node:fs";
import { userInfo } from "node:os";

/** An account of this machine. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** In this order: they exist on every Linux, own nothing, and log in nowhere. */
const candidates = ["nobody", "daemon", "bin"];

let found: Account | undefined;

/**
 * The unprivileged account that QEMU, libvirt and Postgres run as when we are root; undefined when we are not.
 * Postgres refuses root, and needs an account with a passwd entry.
 */
export function toolAccount(): Account | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  found ??= lookUp();
  return found;
}

/** The account this process runs as. */
export function ownAccount(): Account {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  try {
    return { uid, gid, name: userInfo().username };
  } catch {
    return { uid, gid, name: String(uid) };
  }
}

function lookUp(): Account {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of candidates) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(":");
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    // A container that maps only a few ids can have the entry and still not be able to become it.
    if (fields && uid > 0 && isMapped("/proc/self/uid_map", uid) && isMapped("/proc/self/gid_map", gid)) {
      return { uid, gid, name };
    }
  }
  throw new Error(
    `We run as root, and none of the accounts ${candidates.join(", ")} exists here, ` +
      "so there is nobody for QEMU, libvirt and Postgres to run as. Start it as an ordinary user instead.",
  );
}

function isMapped(mapFile: string, id: number): boolean {
  try {
    accessSync(mapFile, constants.R_OK);
    return readFileSync(mapFile, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(([first, , count]) => first !== undefined && count !== undefined && id >= first && id < first + count);
  } catch {
    return true;
  }
}
