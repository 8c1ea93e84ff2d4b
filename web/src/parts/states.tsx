import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiProblem, isProblem } from "../api/problem.ts";
import { stepUpUrl } from "../api/session.ts";
import { Icon, type IconName } from "./icons.tsx";

interface StateProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly alert?: boolean;
}

function Notice({ icon, title, children, action, alert = false }: StateProps) {
  return (
    <div className="notice" role={alert ? "alert" : "status"} data-alert={alert || undefined}>
      <span className="notice-icon">
        <Icon name={icon} size={22} />
      </span>
      <strong>{title}</strong>
      {children ? <div className="notice-text">{children}</div> : undefined}
      {action}
    </div>
  );
}

/** Nothing is there: why, and what would put something there. */
export function Empty({
  icon = "inventory",
  ...rest
}: Partial<Pick<StateProps, "icon">> & Omit<StateProps, "icon" | "alert">) {
  return <Notice icon={icon} {...rest} />;
}

/** What went wrong in the API's own words, with its remedy. A missing permission is no error: it says whom to ask. */
export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  if (isProblem(error, "Forbidden")) return <Forbidden error={error} />;
  if (isProblem(error, "StepUpRequired")) {
    return (
      <Notice
        icon="lock"
        title="This wants a fresh second factor"
        alert
        action={
          <Button component="a" href={stepUpUrl()} variant="light">
            Confirm it and come back
          </Button>
        }
      >
        {error.message}.
      </Notice>
    );
  }
  const problem = error instanceof ApiProblem ? error : undefined;
  const again = onRetry ? (
    <Button variant="default" onClick={onRetry} leftSection={<Icon name="refresh" size={14} />}>
      Try again
    </Button>
  ) : undefined;
  return (
    <Notice icon="warning" title={error instanceof Error ? error.message : String(error)} alert action={again}>
      {problem?.action}
      {problem?.requestId ? (
        <div className="quiet mono">
          {problem.code} · request {problem.requestId}
        </div>
      ) : undefined}
    </Notice>
  );
}

/** `permission`: what the page knows to be missing without asking. */
export function Forbidden({ error, permission }: { readonly error?: ApiProblem; readonly permission?: string }) {
  return (
    <Notice icon="lock" title={error?.message ?? `Your roles do not hold ${permission ?? "what this wants"}`}>
      {error?.action ?? "Ask an administrator for a role that holds it; Settings → Access shows what you hold now."}
    </Notice>
  );
}

export function Loading({ rows = 8, label = "Loading" }: { readonly rows?: number; readonly label?: string }) {
  return (
    <div className="loading" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={14} radius="sm" width={`${92 - ((index * 17) % 38)}%`} />
      ))}
    </div>
  );
}
