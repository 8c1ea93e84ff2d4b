import { defineQuery, defineUpdate } from "@temporalio/workflow";
import type { OutageAnswer, SiteHealthView } from "./types.ts";

/** An update, as who answers has to hear whether it was in time. */
export const answerOutageUpdate = defineUpdate<void, [OutageAnswer]>("answerOutage");
export const siteHealthQuery = defineQuery<SiteHealthView>("siteHealth");
