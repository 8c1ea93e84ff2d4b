import type { MoveHours } from "./move-hours.ts";

/** How a guest stands at one end of a live move, as its host shows it. `sending`, `arriving`: a move of its memory is
 *  under way. `held`: it is there, does not run, and nothing moves it. */
export const liveStandings = ["absent", "off", "runs", "sending", "arriving", "held"] as const;
export type LiveStanding = (typeof liveStandings)[number];

/** What is to be done next, so that in the end one guest runs, at one of the two ends. */
export type LiveNext =
  /** Nothing is at the target, and the guest runs at the source. */
  | "send"
  /** The hypervisors are at it. */
  | "wait"
  /** It was taken over; whatever is left of it at the source does not run. */
  | "landed"
  /** It runs at the target, and its predecessor is still held in memory. */
  | "end-source"
  /** It was taken over and ended there since: its newest data is there. */
  | "start-target"
  /** Something that never ran stands at the target, or something whose predecessor goes on. */
  | "clear-target"
  /** The source is held, and nothing is at the target. */
  | "wake-source"
  /** It ended at the source before it was taken over. */
  | "source-ended"
  /** It runs at both ends. No hypervisor lets that happen; whoever sees it touches nothing. */
  | "both-run";

const gone: readonly LiveStanding[] = ["absent", "off"];

/**
 * Decides by looking at both ends, whatever died meanwhile. The target is the owner from the moment that it has run or is
 * defined as its own; before that it is the source.
 */
export function nextOfLive(source: LiveStanding, target: LiveStanding): LiveNext {
  if (source === "sending" || source === "arriving") return "wait";
  const ended = gone.includes(source);
  switch (target) {
    case "runs":
    case "sending":
      return source === "runs" ? "both-run" : ended ? "landed" : "end-source";
    case "held":
      return ended ? "landed" : "clear-target";
    case "arriving":
      return "clear-target";
    case "off":
      return source === "runs" ? "clear-target" : ended ? "start-target" : "end-source";
    case "absent":
      return source === "runs" ? "send" : ended ? "source-ended" : "wake-source";
  }
}

/** Something that keeps a guest from moving while it runs. */
export interface LiveObstacle {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

/** A running VM as the host that is to take it over has to know it. `definition` and `cpu` are the hypervisor's own
 *  words; nobody between the two hosts reads them. */
export interface LiveGuest {
  readonly vmId: string;
  readonly memoryBytes: number;
  readonly definition: string;
  readonly cpu: string;
  /** `same-host`: it sees the processor of its host; `model`: one that was named. */
  readonly cpuIs: "model" | "same-host";
  readonly hostCpu: string;
  readonly virtualisation: string;
  readonly architecture: string;
  readonly machine: string;
  readonly hypervisor: { readonly name: string; readonly version: string };
  /** Tells machines apart: the two hypervisors meet on sockets of one. */
  readonly machineId: string;
  readonly obstacles: readonly LiveObstacle[];
  /** What kind of network each of its interfaces is in, in order. */
  readonly networkKinds: readonly string[];
  /** Bytes of memory that it rewrites in a second, as measured just now; absent where that can't be measured. */
  readonly dirtyBytesPerSecond?: number;
}

/** How far a live move is. */
export interface LiveProgress {
  /** `disks`: they are copied while the guest writes to both. `memory`: they are alike, and its memory follows. */
  readonly phase: "disks" | "memory";
  readonly diskBytesDone: number;
  readonly diskBytesLeft: number;
  readonly memoryBytesDone: number;
  readonly memoryBytesLeft: number;
  readonly dirtyBytesPerSecond?: number;
  /** Seen once, where it stands still for its memory: that long after the move had begun. */
  readonly stillSinceMs?: number;
}

/** How fast it may be moved, in bytes per second. Absent is no bound. */
export interface LiveRate {
  readonly disks?: number;
  readonly memory?: number;
}

/** What watchers of a live migration see. */
export interface LiveView extends Omit<LiveProgress, "stillSinceMs"> {
  /** For how long the guest stood still, as its hypervisor measured it. */
  readonly pauseMs?: number;
  /** When it was taken over. */
  readonly switchedAt?: string;
  /** It ended at the target after the switch, and was started there anew. */
  readonly restarted?: boolean;
}

export interface LiveDisk {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly replicaId: string;
}

/** What the plan pins. */
export interface LiveParameters {
  readonly name: string;
  /** At the target, one a network interface. */
  readonly networkIds: readonly string[];
  readonly publishPorts: readonly number[];
  readonly tags: Readonly<Record<string, string>>;
  /** How long the hypervisor may let it stand still while the last of its memory moves. */
  readonly pauseMs: number;
  readonly disks: readonly LiveDisk[];
  readonly bandwidthBytesPerSecond?: number;
  /** Present where limits change by the time of day. */
  readonly hours?: MoveHours;
}

/** What a live migration came to. */
export interface LiveOutcome {
  readonly switchedAt: string;
  readonly pauseMs?: number;
  /** Changes at the target since the switch go by it; absent where they could not be tracked. */
  readonly trackId?: string;
  readonly bytesMoved: number;
  /** The guest ended at the target after the switch and was started there anew: its memory is lost. */
  readonly restarted: boolean;
}

/** What one disk's comparison after the switch came to. */
export interface LiveDiskProof {
  readonly diskId: string;
  readonly manifestId: string;
  readonly rootHash: string;
  readonly sizeBytes: number;
  /** Bytes of the source's disk, as the switch left it, that were hashed. */
  readonly bytesHashed: number;
  /** Bytes of the target's that were read and held against it. */
  readonly bytesReread: number;
  /** Of those, bytes that differ where the guest wrote since the switch: nothing can be said of them. */
  readonly bytesWrittenSince: number;
  /** Why the target's were not read, as a sentence. */
  readonly unread?: string;
}
