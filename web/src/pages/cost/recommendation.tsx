import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { useMay } from "../../api/session.ts";
import { planOf } from "../../lib/costs.ts";
import { money } from "../../lib/format.ts";
import { Facts } from "../../parts/panel.tsx";
import { PlanReview } from "../../parts/plan-review.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Failed } from "../../parts/states.tsx";

/** What one recommendation rests on, how it is taken back, and doing it by a plan where a plan can. */
export function RecommendationBody({ found }: { readonly found: Schemas["Recommendation"] }) {
  const navigate = useNavigate();
  const plans = useMay("plans:write");
  const { site, name, resource_kind: kind, resource_id: id } = found;
  const request = planOf(found);
  const plan = useOrder(
    (wanted: NonNullable<typeof request>) =>
      answer(api.POST("/v1/plans", { body: { kind: "operate_vms", request: wanted } })),
    { touches: [] },
  );
  const start = useOrder(
    ({ plan_id, hash }: Schemas["Plan"]) => answer(api.POST("/v1/operations", { body: { plan_id, plan_hash: hash } })),
    {
      touches: ["operations", "savings"],
      onDone: ({ operation_id }) => void navigate({ to: "/runs/operations/$id", params: { id: operation_id } }),
    },
  );
  return (
    <div className="stack-wide">
      <div className="drawer-head">
        <h2>{name}</h2>
        <p>{found.action}</p>
      </div>
      <Facts
        items={[
          ["Costs now, a month", money(found.current_cost)],
          ["Then", money(found.optimized_cost)],
          ["Saves", `${money(found.potential_savings)} (${found.savings_percent.toFixed(0)} %)`],
          ["Risk", found.risk],
          ["That nobody is harmed", `${Math.round(found.confidence * 100)} %`],
          ["Taken back by", found.reversal],
          [
            "Resource",
            kind === "instance-type" ? (
              `${site}: ${id}`
            ) : (
              <Link
                key="resource"
                to="/inventory"
                search={{ q: `site:${site} id:"${id}"`, open: `${site}/${kind}/${id}` }}
              >
                {site} / {kind} / {id}
              </Link>
            ),
          ],
        ]}
      />
      <section>
        <h3 className="part-title">What it rests on</h3>
        <ul className="plain-list">
          {found.evidence.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
      {plan.data ? (
        <PlanReview
          plan={plan.data}
          verb="Do exactly this"
          pending={start.isPending}
          error={start.error}
          onExecute={() => start.mutate(plan.data)}
          cli={`savings apply ${site}/${name}`}
        />
      ) : (
        <div className="wrap">
          {plans && request ? (
            <Button loading={plan.isPending} onClick={() => plan.mutate(request)}>
              Plan to do it…
            </Button>
          ) : undefined}
          {request ? undefined : <span className="quiet">No single plan does this: it is done by hand.</span>}
          <SameBy
            cli={request ? `savings apply ${site}/${name}` : "savings list"}
            api="GET /v1/savings/recommendations"
          />
        </div>
      )}
      {plan.isError ? <Failed error={plan.error} /> : undefined}
    </div>
  );
}
