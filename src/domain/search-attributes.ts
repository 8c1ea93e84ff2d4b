/** The search attributes of our runs in Temporal and their types; the server registers them before the first run. */
export const searchAttributes = {
  NovacronVm: "KEYWORD",
  NovacronSource: "KEYWORD",
  NovacronTarget: "KEYWORD",
  NovacronPhase: "KEYWORD",
  NovacronProgress: "INT",
} as const;
