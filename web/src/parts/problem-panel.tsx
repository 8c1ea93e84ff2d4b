import { Icon } from "./icons.tsx";
import { Snippet } from "./same-by.tsx";

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly step?: string | undefined;
  readonly left_behind?: readonly { readonly resource: string; readonly remove: string }[] | undefined;
}

/** Why a run did not come through, and what it left behind, with the command that removes it. */
export function ProblemPanel({ problem }: { readonly problem: Problem }) {
  return (
    <section className="panel problem" data-tone="bad">
      <Icon name="warning" size={18} />
      <div className="stack">
        <div>
          <strong>
            {problem.code}
            {problem.step ? ` at ${problem.step}` : ""}
          </strong>
          <div>{problem.message}</div>
        </div>
        {problem.left_behind?.map(({ resource, remove }) => (
          <Snippet key={resource} label={`Left behind: ${resource}`} text={remove} />
        ))}
      </div>
    </section>
  );
}
