import { ActivityCancellationType, type ActivityOptions, type LocalActivityOptions } from "@temporalio/workflow";
import { errorCodes, errorMeanings } from "../../domain/errors.ts";

/** The types that a retry of the same call cannot mend, from the one error table. */
const hopeless = errorCodes.filter((code) => ["never", "next-offering"].includes(errorMeanings[code].retry));

/** Every activity heartbeats each second on its own, so a dead worker is noticed after this long; not less, because a
 *  busy two-core machine can stall a process for seconds. */
const heartbeatTimeout = "5 seconds";

/** Calls to a site: a link may be away for ten minutes and a store for one, so retries go on for an hour before a run
 *  gives up and rolls back; the interval stays short so that its return is noticed within seconds. */
export const siteCall: ActivityOptions = {
  startToCloseTimeout: "10 minutes",
  scheduleToCloseTimeout: "1 hour",
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: "500 milliseconds",
    backoffCoefficient: 1.5,
    maximumInterval: "5 seconds",
    nonRetryableErrorTypes: hopeless,
  },
};

/** Moving or reading whole disks: bounded only by what the largest disks need over slow links. */
export const bulkCall: ActivityOptions = {
  ...siteCall,
  startToCloseTimeout: "7 days",
  scheduleToCloseTimeout: "7 days",
};

/** Undoing: tried for an hour, as for {@link siteCall}; what then remains is listed and can be retried by a person. */
export const undoCall: ActivityOptions = siteCall;

/** Questions a person waits for: they fail while that person still looks. */
export const askCall: ActivityOptions = {
  ...siteCall,
  startToCloseTimeout: "1 minute",
  scheduleToCloseTimeout: "2 minutes",
  retry: { ...siteCall.retry, maximumAttempts: 3 },
};

/** Planning hundreds of moves; what was planned before a failure is there already at the next attempt. */
export const planWaveCall: ActivityOptions = {
  ...siteCall,
  startToCloseTimeout: "10 minutes",
  scheduleToCloseTimeout: "15 minutes",
  retry: { ...siteCall.retry, maximumAttempts: 3 },
};

/** Reading the use of a whole estate: minutes for tens of thousands of VMs. A repeat begins anew, so there are few. */
export const analysisCall: ActivityOptions = {
  ...siteCall,
  startToCloseTimeout: "2 hours",
  scheduleToCloseTimeout: "6 hours",
  retry: { ...siteCall.retry, maximumAttempts: 5 },
};

/** Waiting for a turn, for as long as that takes: days, where those before are large. Each attempt is one question, the
 *  answer to it says when to ask again. */
export const turnCall: ActivityOptions = {
  startToCloseTimeout: "30 seconds",
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: "500 milliseconds",
    backoffCoefficient: 1,
    nonRetryableErrorTypes: hopeless,
  },
};

/** Listening to a site, for days; it has a queue of its own, so that listeners take no place from what works. A listener
 *  only waits, so its death may be noticed later than that of others; its next attempt comes as often as it takes. */
export const listenCall: ActivityOptions = {
  taskQueue: "novacron-listen",
  startToCloseTimeout: "7 days",
  heartbeatTimeout: "20 seconds",
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: "1 second",
    backoffCoefficient: 2,
    maximumInterval: "1 minute",
    nonRetryableErrorTypes: hopeless,
  },
};

/** Rows in the store, for runs in which several things go on beside each other: the results of local activities may come in
 *  another order when such a run is replayed. */
export const rowCall: ActivityOptions = {
  startToCloseTimeout: "30 seconds",
  scheduleToCloseTimeout: "1 hour",
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: "200 milliseconds",
    backoffCoefficient: 1.5,
    maximumInterval: "2 seconds",
    nonRetryableErrorTypes: hopeless,
  },
};

/** Rows in the store. A store that is away is waited for as long as a site is. */
export const recordCall: LocalActivityOptions = {
  startToCloseTimeout: "30 seconds",
  scheduleToCloseTimeout: "1 hour",
  retry: {
    initialInterval: "200 milliseconds",
    backoffCoefficient: 1.5,
    maximumInterval: "2 seconds",
    nonRetryableErrorTypes: hopeless,
  },
};
