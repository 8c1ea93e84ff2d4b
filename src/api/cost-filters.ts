import { type CostDimension, type CostFilter, costDimensions } from "../domain/cost.ts";
import { ProblemError } from "./problem.ts";

/** This month so far, by default. @throws ProblemError InvalidInput for days in the wrong order. */
export function daysOf(from: string | undefined, to: string | undefined): { from: string; to: string } {
  const today = new Date().toISOString().slice(0, 10);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const days = { from: from ?? `${today.slice(0, 7)}-01`, to: to ?? tomorrow };
  if (days.from < days.to) return days;
  throw invalid(
    `from ${days.from} to ${days.to} is no time`,
    "The day `to` is not part of it: name the one after the last.",
  );
}

/** `service,tag:project`. @throws ProblemError InvalidInput naming what there is. */
export function readDimensions(text: string | undefined): CostDimension[] {
  const names = (text ?? "").split(",").filter((name) => name !== "");
  if (names.length > 3) throw invalid(`group_by names ${names.length} dimensions`, "Name three at most.");
  return names.map(readDimension);
}

/** `service=AmazonEC2|AmazonS3;tag:env=prod`. @throws ProblemError InvalidInput. */
export function readFilters(text: string | undefined): CostFilter[] {
  return (text ?? "")
    .split(";")
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=");
      if (at >= 1) return { dimension: readDimension(part.slice(0, at)), values: part.slice(at + 1).split("|") };
      throw invalid(`where: ${part} is no dimension=value`, "Write it as service=AmazonEC2|AmazonS3;tag:env=prod.");
    });
}

export function readDimension(name: string): CostDimension {
  if (/^tag:.+/.test(name)) return name as `tag:${string}`;
  if ((costDimensions as readonly string[]).includes(name)) return name as CostDimension;
  throw invalid(`${name} is no dimension of costs`, `Use one of: ${costDimensions.join(", ")}, tag:KEY.`);
}

function invalid(detail: string, action: string): ProblemError {
  return new ProblemError("InvalidInput", { detail, action });
}
