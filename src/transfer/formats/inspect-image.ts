import { isProviderError, type ProviderError } from "../../domain/errors.ts";
import { openFile } from "./file-access.ts";
import type { ImageFormat } from "./format-names.ts";
import type { ImageFacts, ImageSurvey, RandomAccess } from "./image.ts";
import { MappedSource } from "./mapped-source.ts";
import { familyOf, readImage } from "./open-image.ts";

export interface ImageProblem {
  /** `refused`: whole, but not read. `damaged`: contradicts itself. `note`: it is read all the same. */
  readonly severity: "refused" | "damaged" | "note";
  readonly reason: string;
  /** What to do; empty for a note. */
  readonly action: string;
}

export interface Inspection {
  readonly fileBytes: number;
  /** The format by its mark, also where nothing else can be told. */
  readonly family: string;
  readonly facts: ImageFacts | undefined;
  readonly survey: ImageSurvey | undefined;
  readonly problems: readonly ImageProblem[];
}

/**
 * Everything an image says about itself, and what is wrong with it; reads all of its tables and none of its data.
 * @throws ProviderError NotFound and the like for a file that can't be read at all.
 */
export async function inspectImage(
  path: string,
  options: { format?: ImageFormat; signal?: AbortSignal } = {},
): Promise<Inspection> {
  const file = await openFile(path);
  try {
    const family = options.format ?? (await familyOf(file, options.signal));
    return { fileBytes: file.sizeBytes, family, ...(await judge(file, options)) };
  } finally {
    await file.close();
  }
}

async function judge(
  file: RandomAccess,
  options: { format?: ImageFormat; signal?: AbortSignal },
): Promise<Pick<Inspection, "facts" | "survey" | "problems">> {
  const problems: ImageProblem[] = [];
  let facts: ImageFacts | undefined;
  let survey: ImageSurvey | undefined;
  try {
    const opened = await readImage(file, options);
    facts = opened.facts;
    problems.push(...facts.refusals.map(({ reason, action }) => problem("refused", `It ${reason}`, action)));
    if (opened.map) survey = await new MappedSource(file, facts, opened.map).survey(options.signal);
  } catch (error) {
    if (!isProviderError(error, "InvalidInput", "IntegrityFailure")) throw error;
    problems.push(problemOf(error));
  }
  problems.push(...(facts?.warnings ?? []).map((warning) => problem("note", warning, "")));
  return { facts, survey, problems };
}

function problemOf(error: ProviderError): ImageProblem {
  const { reason, action } = error.details;
  const severity = error.code === "IntegrityFailure" ? "damaged" : "refused";
  return problem(severity, `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`, action);
}

function problem(severity: ImageProblem["severity"], reason: string, action: string): ImageProblem {
  return { severity, reason, action };
}
