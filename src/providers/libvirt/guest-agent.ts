import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Consistency, stoppedConsistency } from "../../domain/consistency.ts";
import type { SeenDomain } from "./domains.ts";
import type { Host } from "./host.ts";

/** No guest's writes stand still for longer, whatever happens to us: QEMU's own agent would wait for ever. */
const frozenAtMostMs = 10_000;
/** Hooks of databases may flush; a guest that takes longer gets a point without. */
const freezeWithinMs = 8_000;
const thawWithinMs = 60_000;
const thawAgainMs = 250;

/** The agent answered that it does not, or nobody could ask it. After anything else, such as a connection that broke off, it
 *  may have frozen. */
const agentsOwnNo =
  /unable to execute QEMU agent command|agent is not connected|not configured|domain is not running|failed to get domain/i;

/** What a point of the VM would be now. */
export async function expectedConsistency(host: Host, vmId: string, signal: AbortSignal): Promise<Consistency> {
  const domain = await host.domains.get(vmId, signal);
  if (domain.state !== "running") return stoppedConsistency;
  const reason = whyNoAgent(domain);
  if (reason !== undefined) return { level: "crash", why: reason };
  return { level: "application", why: "its guest agent freezes the file systems for the moment of the point" };
}

/** Why the guest can't be asked to freeze its file systems; undefined when it can. */
function whyNoAgent(domain: SeenDomain): string | undefined {
  if (domain.agent === undefined) return "the VM has no channel for a guest agent";
  return domain.agent === "connected" ? undefined : "no guest agent answers in the guest";
}

/**
 * Does the work while the guest's file systems are frozen, where its agent can; else just does it. They are thawed
 * whatever becomes of the work, the caller or this process: a guard of its own process thaws them when nobody else did.
 */
export async function whileFrozen<T>(
  host: Host,
  domain: SeenDomain,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<{ result: T; consistency: Consistency }> {
  const reason = whyNoAgent(domain);
  if (reason !== undefined) return { result: await work(), consistency: { level: "crash", why: reason } };
  const guard = startGuard(host, domain);
  if (guard.pid === undefined) {
    return { result: await work(), consistency: { level: "crash", why: "nothing would thaw the guest if we died" } };
  }
  const begun = performance.now();
  let freezing: Freezing = { state: "uncertain" };
  let thawed: number | undefined;
  let result: T;
  try {
    freezing = await freeze(host, domain, signal);
    result = await work();
  } finally {
    if (freezing.state !== "refused") thawed = await thaw(host, domain);
    // One that could not be told to thaw is told again by the guard.
    if (freezing.state === "refused" || thawed !== undefined) guard.kill();
  }
  return { result, consistency: judge(freezing, thawed, Math.round(performance.now() - begun)) };
}

/** For what an attempt that died may have left frozen. */
export async function thawLeftOver(host: Host, vmId: string, signal: AbortSignal): Promise<void> {
  const domain = await host.domains.find(vmId, signal);
  if (domain?.state === "running" && whyNoAgent(domain) === undefined) await thaw(host, domain);
}

interface Freezing {
  /** `uncertain`: it may have frozen, or do so later. `refused`: it has not, and what is frozen is somebody else's. */
  readonly state: "frozen" | "refused" | "uncertain";
  readonly why?: string;
}

function judge({ state, why }: Freezing, thawed: number | undefined, frozenMs: number): Consistency {
  const level = "crash";
  if (state !== "frozen") return { level, why: why ?? "the guest agent did not freeze" };
  if (thawed === undefined) return { level, why: "the guest agent stopped answering while it had frozen" };
  // They were thawed by somebody else before we did, so nobody knows whether the point saw them frozen.
  if (thawed === 0) return { level, why: "the file systems were thawed before the point was taken" };
  return { level: "application", why: `its agent had frozen ${thawed} file system(s)`, frozenMs };
}

async function freeze(host: Host, { uuid }: SeenDomain, signal: AbortSignal): Promise<Freezing> {
  const limit = AbortSignal.timeout(freezeWithinMs);
  try {
    const asked = await host.virsh.tell(["domfsfreeze", uuid], AbortSignal.any([signal, limit]));
    if (asked.exitCode !== 0) {
      const why = `the guest agent did not freeze: ${asked.stderr.trim().replace(/^error:\s*/i, "")}`;
      return { state: agentsOwnNo.test(asked.stderr) ? "refused" : "uncertain", why };
    }
    if (countOf(asked.stdout) > 0) return { state: "frozen" };
    return { state: "uncertain", why: "the guest agent found no file system to freeze" };
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    return { state: "uncertain", why: `the guest agent did not freeze within ${freezeWithinMs / 1000} s` };
  }
}

/** How many file systems it thawed; undefined when it could not be told to. Not to be cancelled by anything. */
async function thaw(host: Host, { uuid }: SeenDomain): Promise<number | undefined> {
  for (const deadline = Date.now() + thawWithinMs; ; await sleep(thawAgainMs)) {
    try {
      const limit = AbortSignal.timeout(thawWithinMs);
      const { exitCode, stdout, stderr } = await host.virsh.tell(["domfsthaw", uuid], limit);
      if (exitCode === 0) return countOf(stdout);
      if (/not running|failed to get domain/i.test(stderr)) return undefined;
    } catch (error) {
      host.log("warn", "A guest could not be told to thaw yet", { vm: uuid, error });
    }
    if (Date.now() > deadline) {
      host.log("error", "A guest could not be told to thaw", { vm: uuid });
      return undefined;
    }
  }
}

/** A process that outlives us: it waits (for an event that hardly comes, which is virsh's way to wait) and then thaws. */
function startGuard(host: Host, { uuid }: SeenDomain) {
  const seconds = Math.ceil(frozenAtMostMs / 1000);
  const script = `event ${uuid} --event tray-change --timeout ${seconds}; domfsthaw ${uuid}`;
  const logFile = join(host.runDir, "thaw-guard.log");
  const guard = host.tools.start("virsh", ["--quiet", "--connect", host.uri, script], { logFile });
  guard.on("error", (error) => host.log("warn", "No guard of a frozen guest could be started", { vm: uuid, error }));
  return guard;
}

function countOf(stdout: string): number {
  return Number(/\b(\d+) filesystem/i.exec(stdout)?.[1] ?? 0);
}
