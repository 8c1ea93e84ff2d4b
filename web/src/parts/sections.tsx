import { Tabs } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { ComponentType, ReactNode } from "react";
import { useSession } from "../api/session.ts";
import { may } from "../lib/access.ts";
import { PageHead } from "./panel.tsx";
import { SameBy } from "./same-by.tsx";
import { Forbidden } from "./states.tsx";

/** One part of a page that is looked at by itself; its name is in the address. */
export interface Section {
  readonly name: string;
  readonly label: string;
  /** Without it the part says what is missing. */
  readonly permission: string;
  readonly cli: string;
  readonly api: string;
  readonly Body: ComponentType;
}

/** A page of several parts, of which one is shown: `show` of the address says which, the first one without. */
export function Sections(props: {
  readonly title: string;
  readonly sub: ReactNode;
  readonly sections: readonly [Section, ...Section[]];
  readonly show: string | undefined;
  readonly actions?: ReactNode;
}) {
  const { title, sub, sections, show, actions } = props;
  const navigate = useNavigate();
  const session = useSession();
  const chosen = sections.find(({ name }) => name === show) ?? sections[0];
  return (
    <>
      <PageHead
        title={title}
        sub={sub}
        actions={
          <>
            <SameBy cli={chosen.cli} api={chosen.api} />
            {actions}
          </>
        }
      />
      <Tabs
        value={chosen.name}
        onChange={(name) => {
          const next = name === sections[0].name ? undefined : (name ?? undefined);
          void navigate({ to: ".", search: next === undefined ? {} : { show: next } });
        }}
      >
        <Tabs.List>
          {sections.map(({ name, label }) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      {may(session, chosen.permission) ? <chosen.Body /> : <Forbidden permission={chosen.permission} />}
    </>
  );
}
