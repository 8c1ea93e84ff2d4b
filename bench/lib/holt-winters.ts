import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, lastLine } from "../../src/host/bring-in/command.ts";
import { findOnPath } from "../../src/host/bring-in/find-on-path.ts";
import { pip } from "../../src/host/bring-in/pip.ts";
import { cacheDir, stateHome } from "../../src/host/paths.ts";

const version = "2.1.1";
const program = `
import json, sys, numpy as np
from statsforecast.models import HoltWinters
asked = json.load(open(sys.argv[1]))
out = []
for series in asked["series"]:
    values = np.array(series, dtype=np.float64)
    try:
        model = HoltWinters(season_length=asked["season"], error_type="A").fit(values)
        out.append([float(x) for x in model.predict(h=asked["horizon"])["mean"]])
    except Exception:
        out.append(None)
json.dump(out, open(sys.argv[2], "w"))
`;

/** Forecasts of statsforecast's Holt-Winters, brought in from PyPI; undefined for a series that it refuses. */
export async function holtWinters(
  series: readonly Float64Array[],
  season: number,
  horizon: number,
  note: (line: string) => void,
): Promise<readonly (Float64Array | undefined)[]> {
  const packages = await statsforecast(note);
  const dir = mkdtempSync(join(tmpdir(), "nvc-hw-"));
  try {
    const [input, output, script] = ["in.json", "out.json", "run.py"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(script, program);
    writeFileSync(input, JSON.stringify({ season, horizon, series: series.map((values) => [...values]) }));
    const env = { PYTHONPATH: packages, NUMBA_CACHE_DIR: join(packages, "../numba") };
    const done = await command(findOnPath("python3") ?? "python3", [script, input, output], {
      env,
      timeoutMs: 3_600_000,
    });
    if (done.exitCode !== 0) throw new Error(`statsforecast failed: ${lastLine(done.output)}`);
    const found = JSON.parse(readFileSync(output, "utf8")) as (number[] | null)[];
    return found.map((values) => (values ? Float64Array.from(values) : undefined));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function statsforecast(note: (line: string) => void): Promise<string> {
  const cache = cacheDir(stateHome());
  const folder = join(cache, `statsforecast-${version}`, "packages");
  if (existsSync(folder)) return folder;
  note(`Bringing in statsforecast ${version}`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const failure = await pip(cache, ["install", "--quiet", "--target", partial, `statsforecast==${version}`]);
  if (failure !== undefined) throw new Error(`statsforecast can't be had: ${failure}`);
  renameSync(partial, folder);
  return folder;
}
