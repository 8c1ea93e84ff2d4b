import type { CloudAlarmRequest } from "../../domain/cloud-alarm.ts";

export interface ListAlarmsInput {
  readonly site: string;
}

export interface CreateAlarmInput {
  readonly site: string;
  readonly alarm: CloudAlarmRequest;
  /** Of whoever asks for it: asked again with it, the same alarm comes back. */
  readonly key: string;
}

export interface DeleteAlarmInput {
  readonly site: string;
  readonly alarmId: string;
}
