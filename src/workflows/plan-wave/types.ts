import type { WaveOutline } from "../../domain/wave.ts";

export interface PlanWaveInput {
  readonly planId: string;
  readonly outline: WaveOutline;
}
