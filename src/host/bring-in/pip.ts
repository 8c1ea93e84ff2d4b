import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { command, lastLine } from "./command.ts";
import { findOnPath } from "./find-on-path.ts";
import { unpackPackages, whyNoPackages } from "./packages.ts";

/** Runs pip; where Python has none, or there is no Python, with one from unpacked packages. Returns why it failed. */
export async function pip(cache: string, args: readonly string[]): Promise<string | undefined> {
  const python = findOnPath("python3");
  if (python !== undefined && (await command(python, ["-m", "pip", "--version"])).exitCode === 0) {
    const done = await command(python, ["-m", "pip", ...args]);
    return done.exitCode === 0 ? undefined : `PyPI's could not be installed (${lastLine(done.output)})`;
  }
  const root = join(cache, "python/root");
  if (!existsSync(root)) {
    mkdirSync(join(cache, "python"), { recursive: true });
    const failure =
      whyNoPackages() ?? (await unpackPackages(["python3", "python3-pip"], root, join(cache, "python/apt")));
    if (failure !== undefined) {
      return `there is no pip to fetch PyPI's with (${failure})`;
    }
  }
  const unpacked = [join(root, "usr/bin/python3"), python].find((path) => path !== undefined && existsSync(path));
  if (unpacked === undefined) {
    return "the Python packages brought no Python";
  }
  const env = {
    LD_LIBRARY_PATH: libraryFolders(root),
    PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
    ...(unpacked === python ? {} : { PYTHONHOME: join(root, "usr") }),
  };
  const done = await command(unpacked, ["-m", "pip", ...args], { env });
  return done.exitCode === 0 ? undefined : `PyPI's could not be installed (${lastLine(done.output)})`;
}

/** The launcher, which may have unpacked this Python before there was a Node, leaves /lib beside /usr/lib. */
function libraryFolders(root: string): string {
  const folders = ["usr/lib", "lib"].flatMap((folder) =>
    ["x86_64", "aarch64"].map((arch) => `${folder}/${arch}-linux-gnu`),
  );
  return folders.map((folder) => join(root, folder)).join(":");
}
