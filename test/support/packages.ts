import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { unpackPackages, whyNoPackages } from "../../src/host/bring-in/packages.ts";
import { withLock } from "../../src/host/lock.ts";
import { cacheDir } from "../../src/host/paths.ts";

/** Programs of packages that only tests need: fetched and unpacked into the cache once, never installed. */
export class TestPrograms {
  /** Where they are unpacked. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** The programs, or the reason why they can't be had here. */
  static async bringIn(name: string, packages: readonly string[]): Promise<TestPrograms | string> {
    const home = join(cacheDir(), "test-programs", name);
    const root = join(home, "root");
    mkdirSync(home, { recursive: true });
    return withLock(join(home, "lock"), async () => {
      if (existsSync(root)) return new TestPrograms(root);
      const failure = whyNoPackages() ?? (await bring(packages, root, join(home, "apt")));
      return failure ?? new TestPrograms(root);
    });
  }

  /** Runs one to its end; its standard output. A failure throws with what it said. */
  run(program: string, args: readonly string[], input?: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const env = { ...this.#environment(), MTOOLS_SKIP_CHECK: "1" };
      const child = spawn(this.#path(program), [...args], { env, stdio: ["pipe", "pipe", "pipe"] });
      const out: Buffer[] = [];
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString("utf8");
      });
      child.stdin.on("error", () => {});
      child.stdin.end(input);
      child.on("error", reject);
      child.on("close", (code) => {
        // e2fsck's 1 is "corrected".
        if (code === 0 || (program === "e2fsck" && code === 1)) resolve(Buffer.concat(out));
        else reject(new Error(`${program} ${args.join(" ")} ended with ${code}: ${said}`));
      });
    });
  }

  /** One that runs until it is ended. What it says goes to our own output. */
  start(program: string, args: readonly string[]): ChildProcess {
    return spawn(this.#path(program), [...args], { env: this.#environment(), stdio: ["ignore", "ignore", "inherit"] });
  }

  #path(program: string): string {
    const path = ["usr/sbin", "usr/bin"].map((folder) => join(this.root, folder, program)).find(existsSync);
    return path ?? program;
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, LD_LIBRARY_PATH: join(this.root, "usr/lib/x86_64-linux-gnu") };
  }
}

function bring(packages: readonly string[], root: string, workDir: string): Promise<string | undefined> {
  console.log(`# Unpacking ${packages.join(", ")} for tests (nothing is installed)`);
  return unpackPackages(packages, root, workDir);
}
