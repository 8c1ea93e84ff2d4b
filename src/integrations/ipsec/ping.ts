import { spawn } from "node:child_process";
import type { PathSight } from "../../domain/connection.ts";
import { ProviderError } from "../../domain/errors.ts";

const packets = 10;
const everySeconds = 0.2;
/** Beyond the last packet. */
const waitSeconds = 1;

interface Asked {
  readonly target: string;
  readonly namespace: string | undefined;
  readonly site: string;
}

/** Loss and round trips to an address, by the machine's own `ping`. */
export async function ping({ target, namespace, site }: Asked, signal: AbortSignal): Promise<PathSight> {
  const asking = [
    "ping",
    "-n",
    "-q",
    "-c",
    String(packets),
    "-i",
    String(everySeconds),
    "-W",
    String(waitSeconds),
    target,
  ];
  const [program = "", ...args] = namespace === undefined ? asking : ["ip", "netns", "exec", namespace, ...asking];
  const { code, output } = await run(program, args, signal);
  const measured = readPing(output);
  // It ends with 1 where nothing came back, which is an answer.
  if (measured && (code === 0 || code === 1)) return measured;
  throw new ProviderError("Unavailable", {
    operation: "measure the path",
    resource: `${site} → ${target}`,
    reason: `${program} ended with ${code}: ${output.trim().split("\n").at(-1) ?? ""}`,
    action: "Install ping (iputils) on the worker's machine.",
  });
}

/** The end of what ping prints (iputils): loss, and round trips where something came back. */
export function readPing(output: string): PathSight | undefined {
  const loss = /([\d.]+)% packet loss/.exec(output)?.[1];
  if (loss === undefined) return undefined;
  const [, average, deviation] = /= [\d.]+\/([\d.]+)\/[\d.]+\/([\d.]+) ms/.exec(output) ?? [];
  if (average === undefined || deviation === undefined) return { lossRatio: Number(loss) / 100 };
  return { lossRatio: Number(loss) / 100, roundTripMs: Number(average), jitterMs: Number(deviation) };
}

function run(program: string, args: readonly string[], signal: AbortSignal): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    // What is read of its output is English.
    const child = spawn("env", ["LC_ALL=C", program, ...args], { stdio: ["ignore", "pipe", "pipe"], signal });
    let output = "";
    const take = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-8_192);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) =>
      signal.aborted ? reject(signal.reason as Error) : resolve({ code: 127, output: error.message }),
    );
    child.on("close", (code) => resolve({ code: code ?? 137, output }));
  });
}
