import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answer, api, type Schemas } from "../api/client.ts";
import { useMay } from "../api/session.ts";
import { bytes, duration, money, words } from "../lib/format.ts";
import { toneOf } from "../lib/tone.ts";
import { Icon } from "./icons.tsx";
import { Facts } from "./panel.tsx";
import { Snippet } from "./same-by.tsx";
import { Failed } from "./states.tsx";

type Plan = Schemas["Plan"];

interface PlanReviewProps {
  readonly plan: Plan;
  /** What the button says. */
  readonly verb: string;
  readonly danger?: boolean;
  /** Names that have to be typed before it goes on: what is destroyed for good. */
  readonly confirm?: readonly string[] | undefined;
  readonly pending: boolean;
  readonly error: unknown;
  readonly onExecute: () => void;
  readonly cli?: string;
  readonly aside?: ReactNode;
}

/** A pinned plan as a person approves it: what is done to what, the checks, what it costs and takes. */
export function PlanReview(props: PlanReviewProps) {
  const { plan, confirm, danger = false } = props;
  const [typed, setTyped] = useState("");
  const approvals = useQuery({
    queryKey: ["approvals", plan.plan_id],
    queryFn: ({ signal }) =>
      answer(api.GET("/v1/plans/{id}/approvals", { params: { path: { id: plan.plan_id } }, signal })),
    refetchInterval: (query) => (query.state.data?.required ? 3_000 : false),
  });
  const wanted = confirm?.join(" ");
  const confirmed = wanted === undefined || typed.trim() === wanted;
  const failed = plan.checks.filter(({ result }) => result === "fail").length;
  const approved = approvals.data === undefined || !approvals.data.required || isApproved(approvals.data.items);
  return (
    <div className="stack-wide">
      <Estimates plan={plan} />
      <section>
        <h3 className="part-title">What is done</h3>
        <ol className="actions">
          {plan.actions.map(({ action, detail, resource }, index) => (
            <li key={`${index}-${action}`}>
              <span>{detail}</span>
              <small>
                {resource.kind} {resource.id} at {resource.site}
              </small>
            </li>
          ))}
        </ol>
      </section>
      {plan.choices.length > 0 ? (
        <details>
          <summary>What was chosen, and why ({plan.choices.length})</summary>
          <Facts items={plan.choices.map(({ what, chosen, why }) => [words(what), `${chosen}: ${why}`] as const)} />
        </details>
      ) : undefined}
      <section>
        <h3 className="part-title">Checks</h3>
        <Checks checks={plan.checks} />
      </section>
      {approvals.data?.required ? <Approvals plan={plan} approvals={approvals.data} /> : undefined}
      {props.aside}
      {wanted === undefined || !plan.executable ? undefined : (
        <TextInput
          label={`This can't be taken back. Type ${wanted} to go on`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
        />
      )}
      {props.error ? <Failed error={props.error} /> : undefined}
      <div className="wrap">
        <Button
          size="sm"
          color={danger ? "red" : undefined}
          disabled={!plan.executable || !confirmed || !approved}
          loading={props.pending}
          onClick={props.onExecute}
        >
          {props.verb}
        </Button>
        {plan.executable ? undefined : (
          <span className="tone-text" data-tone="bad" role="status">
            {failed === 1 ? "A check fails" : `${failed} checks fail`}: it can't be carried out as it is
          </span>
        )}
        {plan.executable && !approved ? (
          <span className="tone-text" data-tone="warn" role="status">
            It wants the approval of a second person
          </span>
        ) : undefined}
      </div>
      <details>
        <summary>The same by the command line and the API</summary>
        {props.cli ? <Snippet label="Command line" text={`./novacron ${props.cli}`} /> : undefined}
        <Snippet
          label="This plan"
          text={`./novacron plans show ${plan.plan_id}\nGET /v1/plans/${plan.plan_id}\nhash ${plan.hash}`}
        />
      </details>
    </div>
  );
}

function Estimates({ plan: { estimates } }: { readonly plan: Plan }) {
  const moves = estimates.bytes_nominal > 0;
  return (
    <div className="estimates">
      {moves ? (
        <Figure label="To move" value={bytes(estimates.bytes_to_move)} sub={`of ${bytes(estimates.bytes_nominal)}`} />
      ) : undefined}
      {estimates.seconds === undefined ? undefined : (
        <Figure
          label="Takes about"
          value={duration(estimates.seconds)}
          sub={estimates.moves === 0 ? "assumed" : "as earlier moves did"}
        />
      )}
      {estimates.downtime_seconds === undefined ? undefined : (
        <Figure label="Downtime" value={duration(estimates.downtime_seconds)} />
      )}
      {estimates.monthly ? (
        <Figure
          label="At the target, a month"
          value={money(estimates.monthly.total)}
          sub={unknownOf(estimates.monthly)}
        />
      ) : undefined}
      {estimates.egress ? (
        <Figure label="Traffic out, once" value={money(estimates.egress.total)} sub={unknownOf(estimates.egress)} />
      ) : undefined}
    </div>
  );
}

function unknownOf(cost: Schemas["Cost"]): string | undefined {
  const unknown = cost.items.filter(({ amount }) => amount === undefined).map(({ what }) => what);
  return unknown.length > 0 ? `without ${unknown.join(", ")}` : undefined;
}

function Figure({
  label,
  value,
  sub,
}: {
  readonly label: string;
  readonly value: string;
  readonly sub?: string | undefined;
}) {
  return (
    <div>
      <div className="stat-label">{label}</div>
      <div className="figure">{value}</div>
      {sub ? <div className="stat-sub">{sub}</div> : undefined}
    </div>
  );
}

/** Checks, what fails first. */
export function Checks({ checks }: { readonly checks: Plan["checks"] }) {
  const order = ["fail", "warn", "pass"];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
  return (
    <ul className="checks">
      {sorted.map(({ check, result, detail, remedy }) => (
        <li key={`${check}-${detail}`} data-tone={toneOf(result)}>
          <span className="check-mark">
            <Icon name={result === "pass" ? "check" : "warning"} size={13} />
            <span className="visually-hidden">{result}</span>
          </span>
          <span className="check-name">{words(check)}</span>
          <span className="check-detail">
            {detail}
            {remedy ? <small>{remedy}</small> : undefined}
          </span>
        </li>
      ))}
    </ul>
  );
}

function isApproved(items: Schemas["PlanApprovals"]["items"]): boolean {
  return items.some(({ decision }) => decision === "approve") && !items.some(({ decision }) => decision === "reject");
}

function Approvals({ plan, approvals }: { readonly plan: Plan; readonly approvals: Schemas["PlanApprovals"] }) {
  const queries = useQueryClient();
  const mayApprove = useMay("plans:approve");
  const decide = useMutation({
    mutationFn: (decision: "approve" | "reject") =>
      answer(
        api.POST("/v1/plans/{id}/approvals", {
          params: { path: { id: plan.plan_id } },
          body: { plan_hash: plan.hash, decision },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["approvals", plan.plan_id] }),
  });
  return (
    <section>
      <h3 className="part-title">A second person</h3>
      <p className="quiet">
        The rule “{approvals.rule}” wants an approval of this plan ({plan.hash.slice(0, 12)}…) by somebody else.
      </p>
      <ul className="checks">
        {approvals.items.map(({ decided_by_name: who, decision, note }) => (
          <li key={`${who}-${decision}`} data-tone={toneOf(decision)}>
            <span className="check-name">{who}</span>
            <span className="check-detail">
              {decision === "approve" ? "approved" : "rejected"} {note}
            </span>
          </li>
        ))}
      </ul>
      {mayApprove ? (
        <div className="wrap">
          <Button variant="light" loading={decide.isPending} onClick={() => decide.mutate("approve")}>
            Approve
          </Button>
          <Button variant="default" loading={decide.isPending} onClick={() => decide.mutate("reject")}>
            Reject
          </Button>
        </div>
      ) : undefined}
      {decide.isError ? <Failed error={decide.error} /> : undefined}
    </section>
  );
}
