import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { socketDirPath, toolsManifestPath } from "../../src/host/paths.ts";
import { readToolsManifest, writeToolsManifest } from "../../src/host/tools-manifest.ts";
import type { Lab } from "./lab.ts";
import { Link, type Loss } from "./link.ts";

/** Serves generations behind a relay: at `<socket>.far`. */
const wrapper = (program: string): string => `#!/bin/sh
case "$*" in
*--description=novacron:*:generation:*)
  count=$#
  for argument; do
    case $argument in --socket=*) argument=$argument.far ;; esac
    set -- "$@" "$argument"
  done
  shift "$count"
  ;;
esac
exec '${program}' "$@"
`;
const lookEveryMs = 5;

/** Everything that a worker reaches over a link: Temporal, the store, and the target's NBD servers. */
export class WorkerLinks {
  /** For the worker's process. */
  readonly env: NodeJS.ProcessEnv;
  readonly #temporal: Link;
  readonly #store: Link;
  /** By the socket that the worker knows. */
  readonly #target = new Map<string, Link>();
  readonly #folder: string;
  readonly #looking: NodeJS.Timeout;
  #lost: Loss | undefined;

  private constructor(lab: Lab, temporal: Link, store: Link, env: NodeJS.ProcessEnv) {
    this.#temporal = temporal;
    this.#store = store;
    this.env = env;
    this.#folder = socketDirPath(lab.dir);
    this.#looking = setInterval(() => this.#lookForServers(), lookEveryMs);
  }

  static async open(lab: Lab): Promise<WorkerLinks> {
    const [host = "", port = ""] = lab.temporal.address.split(":");
    const temporal = await Link.open({ host: "127.0.0.1", port: 0 }, { host, port: Number(port) });
    const url = new URL(lab.postgres.databaseUrl);
    const name = ".s.PGSQL.5432";
    const store = await Link.open(
      { path: join(lab.dir, name) },
      { path: join(url.searchParams.get("host") ?? "", name) },
    );
    url.searchParams.set("host", lab.dir);
    const manifest = readToolsManifest(toolsManifestPath());
    const entry = manifest?.tools["qemu-nbd"];
    if (!manifest || !entry || "missing" in entry) throw new Error("There is no qemu-nbd");
    const program = join(lab.dir, "qemu-nbd");
    writeFileSync(program, wrapper(entry.path), { mode: 0o755 });
    const tools = join(lab.dir, "far-tools.json");
    writeToolsManifest(tools, { ...manifest, tools: { ...manifest.tools, "qemu-nbd": { path: program } } });
    return new WorkerLinks(lab, temporal, store, {
      TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}`,
      DATABASE_URL: url.href,
      NOVACRON_TOOLS: tools,
    });
  }

  /** Bytes that have reached the target and come from there. */
  get bytesAtTarget(): number {
    return [...this.#target.values()].reduce((sum, link) => sum + link.bytes, 0);
  }

  cut(how: Loss): void {
    this.#lost = how;
    for (const link of this.#all()) link.cut(how);
  }

  mend(): void {
    this.#lost = undefined;
    for (const link of this.#all()) link.mend();
  }

  close(): void {
    clearInterval(this.#looking);
    for (const link of this.#all()) link.close();
  }

  #all(): Link[] {
    return [this.#temporal, this.#store, ...this.#target.values()];
  }

  #lookForServers(): void {
    for (const folder of readdirSync(this.#folder, { withFileTypes: true })) {
      if (!folder.isDirectory()) continue;
      for (const name of namesIn(join(this.#folder, folder.name))) {
        if (!name.endsWith(".sock.far")) continue;
        const far = join(this.#folder, folder.name, name);
        const path = far.slice(0, -".far".length);
        if (this.#target.has(path)) continue;
        // Filled in at once, so that the next look finds it.
        const opening = Link.open({ path }, { path: far }, this.#lost);
        void opening.then((link) => this.#target.set(path, link));
      }
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
