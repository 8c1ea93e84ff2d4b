import type { FarDevice } from "../../domain/connection.ts";

export interface ConnectSitesInput {
  readonly connectionId: string;
}

export interface ConnectSitesResult {
  readonly connectionId: string;
  readonly state: "connected" | "waiting" | "failed";
}

export interface PreviewConnectionInput {
  readonly near: string;
  readonly far: string;
  readonly device?: FarDevice;
}
