export interface ConfigErrorDetails {
  /** The file as it was given, or `the environment`. */
  readonly file: string;
  /** 1-based. */
  readonly line?: number;
  readonly column?: number;
  /** The key's path: `providers[0].quotas.max_vms`. */
  readonly key?: string;
  /** What is wrong, without a full stop. Never contains a credential. */
  readonly problem: string;
  /** What will most likely put it right, as a sentence. */
  readonly fix: string;
}

/** The one error of the configuration: it names file, line, column and key, and the likely fix. */
export class ConfigError extends Error {
  readonly code = "InvalidInput";
  readonly details: ConfigErrorDetails;

  constructor(details: ConfigErrorDetails) {
    const { file, line, column, key, problem, fix } = details;
    const place = line === undefined ? file : `${file}:${line}${column === undefined ? "" : `:${column}`}`;
    super(`${place}: ${key ? `${key}: ` : ""}${problem}. ${fix}`);
    this.name = "ConfigError";
    this.details = details;
  }
}
