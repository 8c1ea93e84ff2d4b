import { gib } from "../format.ts";
import { formatMoney } from "../money.ts";
import type { SecurityRule } from "../security-rule.ts";
import { describeRule as describeSecurityRule } from "../security-rule.ts";
import { fromWire, type Wire } from "../wire.ts";
import { compileLogic, matchingElements, no, type Truth, yes } from "./evaluate.ts";
import { describeField, fieldOf, type List } from "./fields.ts";
import type { Logic } from "./logic.ts";
import type { CompiledPolicy } from "./policy.ts";
import { type Element, elementsOf, type Subject, valueOf } from "./subject.ts";

const mostShown = 5;

/** Why a subject breaks a policy (or why that can't be said), by what is there: `tags.owner: none; region: us-east-1`. */
export function explain({ policy, logic }: CompiledPolicy, subject: Subject, now: number): string {
  const broken: Truth = "forbid" in policy.requirement ? yes : no;
  const found = [...new Set(reasons(logic, broken, subject, now))];
  const shown = found.slice(0, mostShown).join("; ");
  return found.length > mostShown ? `${shown}; ${found.length - mostShown} more` : shown;
}

/** The parts of it that make it come out as it does. */
function reasons(logic: Logic, outcome: Truth, subject: Subject, now: number): string[] {
  switch (logic.type) {
    case "not":
      return reasons(logic.item, (yes - outcome) as Truth, subject, now);
    case "all":
    case "any": {
      const deciding = logic.items.filter((item) => {
        const truth = compileLogic(item)(subject, now);
        // Where it isn't known whether it is broken, what is unknown decides.
        return truth === outcome || (truth !== yes && truth !== no);
      });
      return deciding.flatMap((item) => reasons(item, outcome, subject, now));
    }
    case "some": {
      const elements = elementsOf(logic.list, subject);
      if (!elements) return [`${logic.list}: not known`];
      const at = matchingElements(logic, subject, now);
      if (at.length > 0) return at.map((element) => `${logic.list}: ${describeElement(logic.list, element)}`);
      const all = elements.map((element) => describeElement(logic.list, element)).join(", ");
      return [`${logic.list}: ${all || "none"}`];
    }
    case "test": {
      const { name, key } = logic.field;
      return [
        `${describeField(logic.field)}: ${describeValue(logic.field.name, valueOf(name, key, { subject, now }))}`,
      ];
    }
  }
}

function describeElement(list: List, element: Element): string {
  if (typeof element === "string") return element;
  if (list.startsWith("security_group.")) {
    return describeSecurityRule(fromWire<SecurityRule>(element as unknown as Wire<SecurityRule>));
  }
  return Object.entries(element)
    .filter(([, value]) => typeof value !== "object")
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(", ");
}

function describeValue(name: Parameters<typeof valueOf>[0], value: ReturnType<typeof valueOf>): string {
  const { type, absent } = fieldOf({ name });
  if (value === undefined) return absent === "none" ? "none" : "not known";
  if (value === Number.POSITIVE_INFINITY) return "none";
  if (typeof value === "number") {
    switch (type) {
      case "money":
        return `${formatMoney({ micros: value, currency: "USD" })} a month`;
      case "bytes":
        return `${gib(value)} GiB`;
      case "time":
        return new Date(value).toISOString();
      case "age":
        return `${Math.round(value / 3_600_000)} h`;
    }
  }
  return String(value);
}
