import type { SiteQuestionInput } from "../../activities/site-workers.ts";

export type AskSiteInput = SiteQuestionInput;
