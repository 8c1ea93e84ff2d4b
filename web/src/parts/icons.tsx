import type { ReactNode } from "react";

const shapes = {
  overview: (
    <>
      <rect x="3.5" y="3.5" width="7" height="7" rx="1.5" />
      <rect x="13.5" y="3.5" width="7" height="4.5" rx="1.5" />
      <rect x="13.5" y="11.5" width="7" height="9" rx="1.5" />
      <rect x="3.5" y="14" width="7" height="6.5" rx="1.5" />
    </>
  ),
  inventory: (
    <>
      <rect x="3.5" y="4" width="17" height="7" rx="1.8" />
      <rect x="3.5" y="13" width="17" height="7" rx="1.8" />
      <path d="M7 7.5h.01M7 16.5h.01M11 7.5h6M11 16.5h6" />
    </>
  ),
  migrations: <path d="M4 8.5h15m-4-4 4 4-4 4M20 15.5H5m4-4-4 4 4 4" />,
  waves: <path d="M3 8c3 0 3 2.5 6 2.5S12 8 15 8s3 2.5 6 2.5M3 14.5c3 0 3 2.5 6 2.5s3-2.5 6-2.5 3 2.5 6 2.5" />,
  recovery: (
    <>
      <path d="M12 3.5 5 6v5.5c0 4.2 2.9 7.4 7 9 4.1-1.6 7-4.8 7-9V6z" />
      <path d="m8.8 12 2.3 2.3 4.2-4.3" />
    </>
  ),
  runs: <path d="M4 6h9M4 12h13M4 18h7M17 4.5v3M20 10.5v3M15 16.5v3" />,
  audit: (
    <>
      <path d="M6 3.5h9l4 4v13H6z" />
      <path d="M14.5 3.5V8H19M9 12h6.5M9 15.5h6.5" />
    </>
  ),
  alerts: <path d="M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 20.5h4M12 3v2" />,
  policies: (
    <>
      <path d="M6 3.5h12v17H6z" />
      <path d="m8.8 8.5 1.2 1.2 2-2.2M8.8 14.5l1.2 1.2 2-2.2M14 9h2M14 15h2" />
    </>
  ),
  cost: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M14.8 9.2c-.5-1-1.5-1.5-2.8-1.5-1.6 0-2.8.8-2.8 2.1 0 3 5.8 1.4 5.8 4.4 0 1.3-1.3 2.1-3 2.1-1.4 0-2.5-.6-3-1.7M12 6v12" />
    </>
  ),
  bursting: <path d="M4 20v-5h4v5zM10 20V9h4v11zM16 20V5h4v15M17.5 3 18 2.5l.5.5M3 20.5h18" />,
  networks: (
    <>
      <rect x="9.5" y="3.5" width="5" height="5" rx="1.2" />
      <rect x="3.5" y="15.5" width="5" height="5" rx="1.2" />
      <rect x="15.5" y="15.5" width="5" height="5" rx="1.2" />
      <path d="M12 8.5V12M6 15.5V12h12v3.5" />
    </>
  ),
  settings: (
    <>
      <circle cx="12" cy="12" r="3" />
      <path d="M12 3v3m0 12v3M3 12h3m12 0h3M5.6 5.6l2.1 2.1m8.6 8.6 2.1 2.1m0-12.8-2.1 2.1m-8.6 8.6-2.1 2.1" />
    </>
  ),
  search: (
    <>
      <circle cx="10.5" cy="10.5" r="6" />
      <path d="m15 15 5 5" />
    </>
  ),
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17m10-10 1.4-1.4" />
    </>
  ),
  moon: <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" />,
  close: <path d="m6 6 12 12M18 6 6 18" />,
  check: <path d="m5 12.5 4.5 4.5L19 7.5" />,
  plus: <path d="M12 5v14M5 12h14" />,
  download: <path d="M12 4v11m-4.5-4 4.5 4.5 4.5-4.5M5 20h14" />,
  columns: <path d="M4 4.5h16v15H4zM9.3 4.5v15M14.7 4.5v15" />,
  clock: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7v5l3.5 2" />
    </>
  ),
  bookmark: <path d="M7 4h10v16l-5-3.5L7 20z" />,
  terminal: <path d="m5 7 5 5-5 5M12 18h7" />,
  external: <path d="M13 5h6v6M19 5l-8.5 8.5M10 6H5v13h13v-5" />,
  warning: <path d="M12 4 3 19.5h18zM12 10v4.5M12 17h.01" />,
  lock: (
    <>
      <rect x="5" y="10.5" width="14" height="9.5" rx="2" />
      <path d="M8 10.5V8a4 4 0 0 1 8 0v2.5" />
    </>
  ),
  user: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4.5 20.5c1-4 4-6 7.5-6s6.5 2 7.5 6" />
    </>
  ),
  chevron: <path d="m9 5 7 7-7 7" />,
  down: <path d="m5 9 7 7 7-7" />,
  up: <path d="m5 15 7-7 7 7" />,
  refresh: <path d="M20 5v5h-5M4 19v-5h5M19 10a7.5 7.5 0 0 0-13.5-2M5 14a7.5 7.5 0 0 0 13.5 2" />,
  pause: <path d="M8 5v14M16 5v14" />,
  play: <path d="M7 4.5v15l12-7.5z" />,
  undo: <path d="M9 5 4 10l5 5M4 10h10a6 6 0 0 1 0 12h-3" />,
  stop: <rect x="6" y="6" width="12" height="12" rx="1.5" />,
  trash: <path d="M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13" />,
  certificate: (
    <>
      <circle cx="12" cy="9.5" r="6" />
      <path d="m8.5 14.5-1.5 6.5 5-2.5 5 2.5-1.5-6.5M9.5 9.5l1.8 1.8 3.2-3.3" />
    </>
  ),
  copy: (
    <>
      <rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2" />
      <path d="M15.5 8.5V4H4v11.5h4.5" />
    </>
  ),
  bolt: <path d="M13 3 5 13.5h6L10.5 21 19 10h-6z" />,
  freeze: <path d="M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9M9.5 4.5 12 7l2.5-2.5M9.5 19.5 12 17l2.5 2.5" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

/** A line drawing in the colour of the text; decoration only, so what it stands beside must say the same. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      className="icon"
    >
      {shapes[name]}
    </svg>
  );
}
