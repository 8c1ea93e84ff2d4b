import { ActionIcon, Kbd, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { isProblem } from "../api/problem.ts";
import { freezeQuery, healthQuery } from "../api/queries.ts";
import { signOut, useSession } from "../api/session.ts";
import { may } from "../lib/access.ts";
import { Icon } from "../parts/icons.tsx";
import { Logo } from "./logo.tsx";
import { places } from "./nav.ts";
import { Palette } from "./palette.tsx";
import { usePlaceKeys } from "./place-keys.ts";

/** What stands around every page: where one can go, what can be searched, how the whole is. */
export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  const [searching, setSearching] = useState(false);
  usePlaceKeys(() => setSearching(true));
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLElement>(null);
  const firstPath = useRef(path);
  useEffect(() => {
    // A page that was gone to is read from its beginning.
    if (firstPath.current !== path) main.current?.focus({ preventScroll: true });
    firstPath.current = path;
  }, [path]);
  const shown = places.filter(({ permission }) => permission === undefined || may(session, permission));
  return (
    <div className="shell">
      <a href="#main" className="skip">
        Skip to the page
      </a>
      <header className="shell-head">
        <Link to="/" className="logo-link">
          <Logo />
        </Link>
        <button type="button" className="search-button" onClick={() => setSearching(true)}>
          <Icon name="search" size={14} />
          <span>Search anything…</span>
          <Kbd size="xs">Ctrl K</Kbd>
        </button>
        <div className="shell-right">
          <Condition />
          <SchemeButton />
          <Menu position="bottom-end" width={240}>
            <Menu.Target>
              <ActionIcon aria-label={`Signed in as ${session.name}`} size="lg">
                <Icon name="user" size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>
                {session.name} · {session.kind}
              </Menu.Label>
              <Menu.Item onClick={() => void navigate({ to: "/settings/$tab", params: { tab: "access" } })}>
                What I may do
              </Menu.Item>
              <Menu.Item component="a" href="/v1/reference" target="_blank">
                API reference
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      <nav className="shell-nav" aria-label="Console">
        {shown.map(({ to, label, icon, key }) => (
          <Tooltip key={to} label={<span>g then {key}</span>} position="right" openDelay={900}>
            <Link
              to={to}
              activeOptions={{ exact: to === "/" }}
              className="nav-link"
              activeProps={{ "aria-current": "page" }}
            >
              <Icon name={icon} size={17} />
              <span>{label}</span>
            </Link>
          </Tooltip>
        ))}
      </nav>
      <main id="main" className="shell-main" tabIndex={-1} ref={main}>
        <FrozenLine />
        <Outlet />
      </main>
      <Palette opened={searching} onClose={() => setSearching(false)} />
    </div>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("dark");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <ActionIcon size="lg" aria-label={`Use the ${other} colours`} onClick={() => setColorScheme(other)}>
      <Icon name={scheme === "dark" ? "sun" : "moon"} size={18} />
    </ActionIcon>
  );
}

/** Whether the API reaches what it leans on. */
function Condition() {
  const { data, error } = useQuery(healthQuery);
  const well = data !== undefined && !error;
  if (!data && !error) return undefined;
  return (
    <span className="condition" data-tone={well ? "good" : "bad"} role="status">
      <span className="state-mark" />
      {well
        ? "Store and Temporal answer"
        : isProblem(error) && error.status > 0
          ? "The control plane is impaired"
          : "The API does not answer"}
    </span>
  );
}

function FrozenLine() {
  const { data } = useQuery(freezeQuery);
  if (!data?.frozen) return undefined;
  return (
    <div className="frozen" role="alert">
      <Icon name="freeze" size={16} />
      <span>
        All changes are frozen by {data.by}: {data.reason}
      </span>
    </div>
  );
}
