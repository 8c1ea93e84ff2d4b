import { isProviderError } from "./errors.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { PlanCheck, PlanChoice } from "./plan.ts";
import { packTags, type Tags } from "./tags.ts";

interface PlannedTags {
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

const check = "target-tags";

/** What the target will show of the VM's tags. Look-up tags that the run adds have their places already. */
export function planTags({ target, request }: MigrationObservations, tags: Tags): PlannedTags {
  const rules = target.tagRules;
  if (!rules) return { choices: [], checks: [] };
  try {
    const { tags: shown, packed } = packTags(tags, rules);
    const visible = Object.keys(shown).join(", ");
    const choice = {
      what: `${rules.word} at ${request.to}`,
      chosen: visible,
      why:
        packed.length === 0 ? "it takes all of them as they are" : `it does not take ${packed.join(", ")} as they are`,
    };
    if (packed.length === 0) {
      return {
        choices: [choice],
        checks: [{ check, result: "pass", detail: `All tags stand as they are at ${request.to}` }],
      };
    }
    return {
      choices: [choice],
      checks: [
        {
          check,
          result: "warn",
          detail: `${packed.join(", ")} can't be seen by name at ${request.to}: packed into overflow tags, unpacked by us and on the way back`,
          remedy: "Nothing has to be done; to filter by them there, give them keys and values that the site takes.",
        },
      ],
    };
  } catch (error) {
    if (!isProviderError(error, "InvalidInput")) throw error;
    const { reason, action } = error.details;
    return { choices: [], checks: [{ check, result: "fail", detail: `${request.to}: ${reason}`, remedy: action }] };
  }
}
