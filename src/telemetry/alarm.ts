import { setTimeout as sleep } from "node:timers/promises";
import type { Say } from "./say.ts";

export interface Alarm {
  readonly event: string;
  readonly by: string;
  readonly text: string;
}
export type RaiseAlarm = (alarm: Alarm) => void;

const attempts = 5;
const answerWithinMs = 5_000;

/** What people must hear of at once: into the log as an error, and to the webhook where one is configured. */
export function alarms(say: Say, webhook: string | undefined): RaiseAlarm {
  return (alarm) => {
    say("error", alarm.text, { alarm });
    if (webhook !== undefined) void send(webhook, { ...alarm, at: new Date().toISOString() }, say);
  };
}

async function send(url: string, alarm: Alarm & { at: string }, say: Say): Promise<void> {
  const body = JSON.stringify(alarm);
  for (let attempt = 1; ; attempt++) {
    try {
      const signal = AbortSignal.timeout(answerWithinMs);
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body,
        signal,
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      throw new Error(`it answered ${answer.status}`);
    } catch (error) {
      if (attempt >= attempts) {
        say("error", "an alarm did not reach its webhook", { err: error, event: alarm.event });
        return;
      }
      await sleep(500 * 2 ** attempt);
    }
  }
}
