import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveGuest, LiveProgress, LiveRate, LiveStanding } from "../../../domain/live.ts";
import { tagKeys } from "../../../domain/vm.ts";
import { conflict } from "../../failures.ts";
import type { LiveDestination, LiveFacet, LiveReception } from "../../live-facet.ts";
import type { SiteCheck } from "../../provider.ts";
import type { LibvirtCompute } from "../compute.ts";
import { isOff, type SeenDomain } from "../domains.ts";
import { toolFailure } from "../errors.ts";
import type { Host } from "../host.ts";
import { makeToolFolder } from "../tool-folder.ts";
import { attribute, parseXml } from "../xml.ts";
import { assess } from "./assess.ts";
import { relocate } from "./definition.ts";
import { describeGuest } from "./guest.ts";
import { jobFigure } from "./job.ts";
import { dropLeftovers, followMove } from "./monitor.ts";
import { socketsOf } from "./sockets.ts";
import { takeTracking, track, untrack } from "./track.ts";

/** libvirt's numbers of what a job is. */
const operations = { incoming: 4, outgoing: 5 } as const;
/** Until somebody says more: what it is bounded to must hold from the first byte on. */
const firstMib = 1;
/** A disk of terabytes over a slow link. */
const longestMs = 7 * 24 * 60 * 60 * 1000;
/** A job that is given up takes this long to be gone, at most. */
const endWithinMs = 30_000;
const pollMs = 50;
/** Each look costs the guest some of the processor. */
const arrivalPollMs = 200;

/**
 * Live moves between two libvirt hosts, driven by the source's daemon (peer to peer), so that they go on without us:
 * the disks by mirrors into QEMU's own NBD server at the target, the memory after them.
 */
export class LibvirtLive implements LiveFacet {
  readonly #host: Host;
  readonly #compute: LibvirtCompute;

  constructor(host: Host, compute: LibvirtCompute) {
    this.#host = host;
    this.#compute = compute;
  }

  describeGuest(vmId: string, options: { measure: boolean }, signal: AbortSignal): Promise<LiveGuest> {
    return describeGuest(this.#host, vmId, options, signal);
  }

  assess(guest: LiveGuest, signal: AbortSignal): Promise<readonly SiteCheck[]> {
    return assess(this.#host, guest, signal);
  }

  async standing(vmId: string, signal: AbortSignal): Promise<LiveStanding> {
    const { domains, virsh } = this.#host;
    const domain = await domains.find(vmId, signal);
    if (!domain) return "absent";
    if (isOff(domain)) return "off";
    const job = await virsh.attempt(["domjobinfo", vmId, "--rawstats"], signal);
    const operation = jobFigure(job.stdout, "operation");
    if (operation === operations.outgoing) return "sending";
    // libvirt 9 tells no more of a guest that arrives.
    if (operation === operations.incoming || /only on the source host/.test(job.stderr)) return "arriving";
    return domain.state === "running" ? "runs" : "held";
  }

  async receive(input: LiveReception, signal: AbortSignal): Promise<LiveDestination> {
    const { guest, volumes, tags, name, publishPorts, networkIds, key } = input;
    const { layers, runDir, tools, uri, site } = this.#host;
    const consoles = await layers.folder("consoles");
    await makeToolFolder(runDir, 0o700, tools);
    const disks: Record<string, { path: string; format: string }> = {};
    for (const { diskId, volumeId } of volumes) {
      const layer = await layers.get(volumeId);
      if (!layer?.made || layer.deleted || layer.kind !== "volume") {
        const subject = { operation: "receive a running VM", resource: `${site}/volume/${volumeId}` };
        throw conflict(subject, "there is no such volume", "Start the move anew.");
      }
      disks[diskId] = { path: layer.path, format: layer.format };
    }
    const sockets = socketsOf(key, guest.vmId);
    const definition = relocate(guest.definition, {
      metadata: {
        name,
        createdAt: new Date().toISOString(),
        tags: { ...tags, [tagKeys.managed]: "true", [tagKeys.key]: key },
        publishPorts,
      },
      disks,
      consolePath: join(consoles, `${guest.vmId}.log`),
      networks: networkIds,
    });
    return {
      uri: uri.replace(/^qemu:\/\//, "qemu+unix://"),
      memory: join(runDir, sockets.memory),
      disks: join(runDir, sockets.disks),
      diskIds: Object.keys(disks).join(","),
      name: await this.#freeName(name, guest.vmId, signal),
      definition,
    };
  }

  async publishArrival(vmId: string, signal: AbortSignal): Promise<void> {
    // The daemon lets nobody at the monitor of a guest that arrives, and serves who waits for that as soon as it is there.
    for (; ; await sleep(arrivalPollMs, undefined, { signal })) {
      const domain = await this.#host.domains.find(vmId, signal);
      if (!domain || isOff(domain)) continue;
      try {
        await this.#compute.publish(domain, signal);
        return;
      } catch (error) {
        if ((await this.standing(vmId, signal)) !== "arriving") throw error;
      }
    }
  }

  takeTracking(vmId: string, key: string, signal: AbortSignal): Promise<string | undefined> {
    return takeTracking(this.#host, vmId, key, signal);
  }

  track(vmId: string, key: string, signal: AbortSignal): Promise<void> {
    return track(this.#host, vmId, key, signal);
  }

  untrack(vmId: string, key: string, signal: AbortSignal): Promise<void> {
    return untrack(this.#host, vmId, key, signal);
  }

  async clearArrival(vmId: string, signal: AbortSignal): Promise<void> {
    const standing = await this.standing(vmId, signal);
    const subject = this.#host.domains.subject("remove what arrived of VM", vmId);
    if (standing === "runs" || standing === "sending") {
      throw conflict(subject, "it runs here: it was taken over", "Move it back, if it is to run there again.");
    }
    await this.#compute.deleteVm(vmId, signal);
  }

  async send(
    input: { vmId: string; destination: LiveDestination; pauseMs: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { vmId, destination, pauseMs } = input;
    const { virsh, layers, domains } = this.#host;
    const subject = domains.subject("move the running VM", vmId);
    const { uri = "", memory = "", disks = "", diskIds = "", name = "", definition = "" } = destination;
    const file = join(await layers.folder("scratch"), `${vmId}.live.xml`);
    await this.#host.writeForTools(file, definition);
    // What an earlier attempt listened on.
    for (const socket of [memory, disks]) await rm(socket, { force: true });
    await dropLeftovers(this.#host, vmId, diskIds.split(","), signal);
    await virsh.run(["migrate-setspeed", vmId, String(firstMib)], subject, signal);
    await virsh.run(["migrate-setmaxdowntime", vmId, String(pauseMs)], subject, signal);
    const result = await virsh.attempt(
      [
        "migrate",
        ...["--live", "--p2p", "--persistent", "--auto-converge", "--abort-on-error"],
        ...["--copy-storage-all", "--copy-storage-synchronous-writes", "--migrate-disks", diskIds],
        ...["--migrateuri", `unix://${memory}`, "--disks-uri", `unix://${disks}`],
        ...["--xml", file, "--persistent-xml", file, "--dname", name],
        vmId,
        uri,
      ],
      signal,
      undefined,
      longestMs,
    );
    if (result.exitCode !== 0) throw toolFailure("virsh", result.stderr, subject);
    await this.#host.removeFiles(file);
  }

  follow(vmId: string, rate: LiveRate, signal: AbortSignal): Promise<LiveProgress | undefined> {
    return followMove(this.#host, vmId, rate, signal);
  }

  async abandon(vmId: string, signal: AbortSignal): Promise<void> {
    if ((await this.standing(vmId, signal)) !== "sending") return;
    await this.#host.virsh.attempt(["domjobabort", vmId], signal);
    for (const deadline = Date.now() + endWithinMs; Date.now() < deadline; ) {
      if ((await this.standing(vmId, signal)) !== "sending") return;
      await sleep(pollMs, undefined, { signal });
    }
  }

  async wake(vmId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#host.domains.subject("let VM run on", vmId);
    if ((await this.standing(vmId, signal)) === "runs") return;
    await this.#host.virsh.run(["resume", vmId], subject, signal);
  }

  async endHeld(vmId: string, signal: AbortSignal): Promise<void> {
    const { domains, virsh } = this.#host;
    const subject = domains.subject("end what is left of VM", vmId);
    const domain: SeenDomain | undefined = await domains.find(vmId, signal);
    if (!domain || isOff(domain)) return;
    if (domain.state === "running")
      throw conflict(subject, "it runs", "Nothing was done: find out which one is right.");
    const result = await virsh.attempt(["destroy", vmId], signal);
    if (result.exitCode !== 0 && !/not running/i.test(result.stderr))
      throw toolFailure("virsh", result.stderr, subject);
  }

  async lastPauseMs(
    vmId: string,
    { stillSinceMs }: { stillSinceMs?: number | undefined },
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const job = ["domjobinfo", vmId, "--completed", "--keep-completed", "--rawstats"];
    const { stdout } = await this.#host.virsh.attempt(job, signal);
    const [elapsed, downtime] = ["time_elapsed", "downtime"].map((name) => jobFigure(stdout, name));
    if (stillSinceMs !== undefined && elapsed !== undefined) return Math.max(0, elapsed - stillSinceMs);
    // It stood still for longer than its hypervisor knows of.
    if (await this.#isEmulated(vmId, signal)) return undefined;
    return downtime;
  }

  async #isEmulated(vmId: string, signal: AbortSignal): Promise<boolean> {
    const definition = await this.#host.virsh.attempt(["dumpxml", vmId], signal);
    return attribute(parseXml(definition.stdout, "domain"), "type") === "qemu";
  }

  async #freeName(name: string, vmId: string, signal: AbortSignal): Promise<string> {
    const plain = name.replaceAll(/[/\s]/g, "-");
    for await (const domain of this.#host.domains.list(signal)) {
      if (domain.name === plain && domain.uuid !== vmId) return `${plain}-${vmId.slice(0, 8)}`;
    }
    return plain;
  }
}
