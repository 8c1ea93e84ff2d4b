import type { Config } from "./config-types.ts";
import { configKeys } from "./keys.ts";

/** What the files ask for that this version doesn't do yet, one line each, for the log at start. Names keys, never values. */
export function configReport(config: Config): string[] {
  const sites = config.sites.flatMap(({ site, disabledBecause }) =>
    disabledBecause ? [`site ${site} is not yet in effect: ${disabledBecause}`] : [],
  );
  const keys = config.given.flatMap((path) => {
    const general = path.replace(/\[\d+\]/g, "[]");
    const row =
      configKeys[general] ?? Object.values(configKeys).find(({ aliases }) => aliases?.includes(general) === true);
    return row && "later" in row.effect ? [`${path} is not yet in effect: it belongs to ${row.effect.later}`] : [];
  });
  return [...sites, ...keys];
}
