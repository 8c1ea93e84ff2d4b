import { Context } from "@temporalio/activity";
import type { ActivityInboundCallsInterceptor } from "@temporalio/worker";

const intervalMs = 1000;
const details = new WeakMap<Context, unknown>();

/** Notes what a successor or an operator may want to know; a hint, the checkpoint of record is in the store. */
export function setHeartbeatDetails(value: unknown): void {
  details.set(Context.current(), value);
}

/** Told of each heartbeat of an activity, by its context, and of its end. */
export interface HeartbeatWatch {
  beat(context: object): void;
  ended(context: object): void;
}

/**
 * Heartbeats every activity each second while it runs, so that a dead worker is noticed within the heartbeat timeout
 * whatever the activity does, and so that cancellations and pauses reach it.
 */
export function heartbeatInterceptor(context: Context, watch?: HeartbeatWatch): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      if (context.info.isLocal) return next(input);
      const beat = (): void => {
        context.heartbeat(details.get(context));
        watch?.beat(context);
      };
      watch?.beat(context);
      const timer = setInterval(beat, intervalMs);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
        watch?.ended(context);
      }
    },
  };
}
