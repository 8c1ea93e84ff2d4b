import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { connect } from "node:net";
import type { MonitorConfig } from "@azure/arm-trafficmanager";

/** "Traffic Manager endpoint monitoring": a probe has 10 seconds unless the profile says otherwise. */
const usualSeconds = 10;
const usualCode = { min: 200, max: 200 };

/** Asks a target what Traffic Manager asks of its endpoints. What is wrong; undefined when nothing is. */
export function probe(monitor: MonitorConfig, target: string, signal: AbortSignal): Promise<string | undefined> {
  const { protocol = "HTTP", port = 80, timeoutInSeconds = usualSeconds } = monitor;
  const timeout = timeoutInSeconds * 1_000;
  const late = `it does not answer within ${timeoutInSeconds} s`;
  return new Promise((resolve) => {
    const options = { host: target, port, timeout, signal };
    if (protocol === "TCP") {
      const socket = connect(options);
      const settle = (outcome?: string): void => {
        socket.destroy();
        resolve(outcome);
      };
      socket.once("connect", () => settle());
      socket.once("timeout", () => settle(late));
      socket.once("error", (error) => settle(error.message));
      return;
    }
    const send = protocol === "HTTPS" ? secure : plain;
    const headers = Object.fromEntries((monitor.customHeaders ?? []).map(({ name = "", value = "" }) => [name, value]));
    // Traffic Manager does not look at certificates either ("Endpoint monitoring", FAQ).
    const sent = send({ ...options, path: monitor.path ?? "/", headers, agent: false, rejectUnauthorized: false });
    sent.once("timeout", () => sent.destroy(new Error(late)));
    sent.once("error", (error) => resolve(error.message));
    sent.once("response", (answer) => {
      answer.destroy();
      const { statusCode = 0 } = answer;
      const ranges = monitor.expectedStatusCodeRanges ?? [];
      const fits = (ranges.length > 0 ? ranges : [usualCode]).some(
        ({ min = 0, max = min }) => statusCode >= min && statusCode <= max,
      );
      resolve(fits ? undefined : `it answers ${statusCode}`);
    });
    sent.end();
  });
}
