import type { WaveState } from "../../domain/wave.ts";

export interface RunWaveInput {
  readonly waveId: string;
  readonly planId: string;
  /** The hash that was approved; a plan with another one is refused. */
  readonly planHash: string;
}

export interface RunWaveResult {
  readonly waveId: string;
  readonly state: WaveState;
}

export interface WaveProgress {
  readonly state: WaveState;
  readonly ended: number;
  readonly vms: number;
}
