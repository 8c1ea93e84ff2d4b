export function Logo() {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <path
          d="M8 24V8l16 16V8"
          fill="none"
          stroke="var(--c-link)"
          strokeWidth="3.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      NovaCron
    </span>
  );
}
