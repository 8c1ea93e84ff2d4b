import type { ReactNode } from "react";

/** A framed part of a page with a heading of its own. */
export function Panel(props: {
  readonly title?: ReactNode;
  readonly aside?: ReactNode;
  readonly flush?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const { title, aside, flush = false, className = "", children } = props;
  return (
    <section className={`panel ${className}`}>
      {title || aside ? (
        <header className="panel-head">
          {title ? <h2>{title}</h2> : undefined}
          {aside ? <div className="panel-aside">{aside}</div> : undefined}
        </header>
      ) : undefined}
      <div className={flush ? "panel-flush" : "panel-body"}>{children}</div>
    </section>
  );
}

/** A page's first line: where one is, and what can be done here. */
export function PageHead(props: {
  readonly title: ReactNode;
  readonly trail?: ReactNode;
  readonly sub?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className="page-head">
      <div>
        {props.trail ? (
          <nav className="trail" aria-label="Breadcrumb">
            {props.trail}
          </nav>
        ) : undefined}
        <h1>{props.title}</h1>
        {props.sub ? <div className="page-sub">{props.sub}</div> : undefined}
      </div>
      {props.actions ? <div className="page-actions">{props.actions}</div> : undefined}
    </div>
  );
}

/** One figure with what it is. `tone` colours the ring or the figure. */
export function Stat(props: {
  readonly label: string;
  readonly value: ReactNode;
  readonly sub?: ReactNode;
  readonly ring?: { readonly share: number; readonly tone: string };
}) {
  const { label, value, sub, ring } = props;
  return (
    <div className="panel stat">
      <div>
        <div className="stat-label">{label}</div>
        <div className="stat-value">{value}</div>
        {sub ? <div className="stat-sub">{sub}</div> : undefined}
      </div>
      {ring ? <Ring {...ring} /> : undefined}
    </div>
  );
}

/** A share of a whole, 0 to 1, drawn; the figure beside it says it in words. */
export function Ring({ share, tone }: { readonly share: number; readonly tone: string }) {
  const length = 2 * Math.PI * 18;
  const part = Math.max(0, Math.min(1, share)) * length;
  return (
    <svg className="ring" viewBox="0 0 44 44" width="46" height="46" aria-hidden="true" data-tone={tone}>
      <circle cx="22" cy="22" r="18" className="ring-rest" />
      <circle
        cx="22"
        cy="22"
        r="18"
        className="ring-part"
        strokeDasharray={`${part} ${length}`}
        transform="rotate(-90 22 22)"
      />
    </svg>
  );
}

/** Names and values beside each other; what is undefined is left out. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {items.map(([name, value]) =>
        value === undefined || value === "" ? undefined : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** How far something is, 0 to 100. */
export function Bar(props: { readonly value: number; readonly tone?: string; readonly label: string }) {
  const value = Math.max(0, Math.min(100, props.value));
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={props.label}
      aria-valuenow={Math.round(value)}
      aria-valuemin={0}
      aria-valuemax={100}
      data-tone={props.tone ?? "busy"}
    >
      <span style={{ width: `${value}%` }} />
    </div>
  );
}
