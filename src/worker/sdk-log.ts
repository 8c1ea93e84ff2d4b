import type { RuntimeOptions } from "@temporalio/worker";
import type { Logger } from "pino";

type SdkLogger = NonNullable<RuntimeOptions["logger"]>;
type Level = "trace" | "debug" | "info" | "warn" | "error";
const levels: ReadonlySet<string> = new Set(["trace", "debug", "warn", "error"]);

/** Lines of Temporal's SDK in the shape of ours. */
export function sdkLogger(log: Logger): SdkLogger {
  const at =
    (level: Level): SdkLogger[Level] =>
    (message, meta) =>
      log[level](meta ? inOurWords(meta) : {}, message);
  return {
    log: (level, message, meta) => at(levelOf(level))(message, meta),
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

function levelOf(level: string): Level {
  const known = level.toLowerCase();
  return levels.has(known) ? (known as Level) : "info";
}

/** The namespace and the task queue are the same in all of them. */
function inOurWords(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { namespace: _namespace, taskQueue: _taskQueue, activityType, error, ...rest } = meta;
  return {
    ...rest,
    ...(activityType === undefined ? {} : { activity: activityType }),
    ...(error === undefined ? {} : { err: error }),
  };
}
