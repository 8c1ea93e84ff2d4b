import { type ErrorCode, ProviderError } from "../../../domain/errors.ts";
import type { Subject } from "../../failures.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly action: string;
}

const denied: Meaning = {
  code: "CloudPermissionDenied",
  action: "Give the stats socket `level admin`, and the account that runs NovaCron access to it.",
};
const tooOld: Meaning = { code: "UnsupportedCapability", action: "Use HAProxy 2.6 or later." };
const fixed: Meaning = {
  code: "UnsupportedCapability",
  action: "Use a dynamic balance algorithm in that backend, such as roundrobin or leastconn.",
};
const gone: Meaning = { code: "NotFound", action: "Look at the backend and its servers in HAProxy's configuration." };
const busy: Meaning = { code: "Unavailable", action: "It is tried again when its last connections have ended." };

/** What HAProxy says when it has not done what it was told; the first match counts. Nothing, or a word of success, is none. */
const answers: readonly (readonly [RegExp, Meaning])[] = [
  [/^Permission denied/, denied],
  [/^No such (server|backend)|^Can't find backend|^Require 'backend\/server'/, gone],
  [/must use a dynamic load balancing|static LB algorithm/, fixed],
  [/still has connections attached/, busy],
  [/experimental|^Unknown command|Only servers added at runtime/, tooOld],
  [/./, { code: "InvalidInput", action: "Correct what HAProxy names, or change its configuration." }],
];
const done = /^$|^New server registered|^Server deleted/;

/** What an answer to a change means; undefined when it was done. */
export function changeFailure(answer: string, subject: Subject): ProviderError | undefined {
  const said = answer.trim().split("\n")[0] ?? "";
  if (done.test(said)) return undefined;
  const meaning = answers.find(([pattern]) => pattern.test(said))?.[1] ?? gone;
  return failure(meaning, said, subject);
}

/** What an answer to a question means that gives no list; undefined when it is one. */
export function questionFailure(answer: string, subject: Subject): ProviderError | undefined {
  return answer.startsWith("#") || /^\d+\n#/.test(answer) ? undefined : changeFailure(answer || "no answer", subject);
}

const connections: Readonly<Record<string, Meaning>> = {
  EACCES: denied,
  EPERM: denied,
  ENOENT: { code: "Unavailable", action: "Check that HAProxy runs, and the path of the site's `haproxy`." },
  ECONNREFUSED: { code: "Unavailable", action: "Check that HAProxy runs, and the address of the site's `haproxy`." },
  ETIMEDOUT: { code: "Timeout", action: "It is tried again." },
};

/** Why its socket could not be asked. */
export function connectionFailure(error: unknown, address: string, subject: Subject): ProviderError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const meaning = connections[code] ?? { code: "Unavailable", action: "It is tried again." };
  return failure(meaning, `${message} (${address})`, subject, error);
}

function failure({ code, action }: Meaning, said: string, subject: Subject, cause?: unknown): ProviderError {
  return new ProviderError(code, {
    ...subject,
    reason: `HAProxy: ${said.replace(/\.$/, "")}`,
    action,
    ...(cause !== undefined && { cause }),
  });
}
