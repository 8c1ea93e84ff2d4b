import type { PointWish } from "./group-point.ts";

/** A file or a folder of one VM, as a recovery point holds it. */
export interface FilesWish extends PointWish {
  /** Name or id, as the group had it at the point's moment. */
  readonly vm: string;
  readonly diskId?: string;
  /** A partition (`partition 2`), a UUID or a label; default the first file system that has the path. */
  readonly volume?: string;
  readonly path: string;
}

/** The same with its point chosen. */
export interface FilesToSend {
  /** Of the pipe that they go through. */
  readonly pipeId: string;
  readonly pointId: string;
  /** Within the group. */
  readonly position: number;
  readonly diskId?: string;
  readonly volume?: string;
  readonly path: string;
}

/** What comes first through the pipe. */
export interface FilesHead {
  readonly name: string;
  /** A folder comes as an archive (tar). */
  readonly kind: "file" | "folder";
  /** Of a file. */
  readonly sizeBytes?: number;
  readonly diskId: string;
  readonly volume: string;
  /** The moment that they are from. */
  readonly takenAt: string;
  /** Their file system was in use then: changes of its last seconds may be missed. */
  readonly inUse: boolean;
}

export interface SentFiles {
  readonly bytes: number;
  /** Links that lead out of what was asked for, devices, names that no system takes. */
  readonly leftOut: number;
}

export function sendFilesWorkflowId(pipeId: string): string {
  return `send-files/${pipeId}`;
}
