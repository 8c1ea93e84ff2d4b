import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where `login` keeps the session with an API (0600): one file an API, in the user's own configuration. */
export function loginFile(apiUrl: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CONFIG_HOME?.startsWith("/") ? env.XDG_CONFIG_HOME : join(homedir(), ".config");
  const name = createHash("sha256").update(apiUrl).digest("hex").slice(0, 16);
  return join(base, "novacron", "sessions", name);
}

/** Undefined when nobody is logged in there. */
export function knownLogin(apiUrl: string): string | undefined {
  const file = loginFile(apiUrl);
  return existsSync(file) ? file : undefined;
}

export function keepLogin(apiUrl: string, token: string): void {
  const file = loginFile(apiUrl);
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: "wx" });
}

export function dropLogin(apiUrl: string): void {
  rmSync(loginFile(apiUrl), { force: true });
}
