import { readFile } from "node:fs/promises";
import { ProviderError } from "../../domain/errors.ts";
import { type FetchedSecret, onlyValue, type SecretStore } from "./secret-store.ts";

/** Looked at again at every use, so that a file that was replaced counts at once. */
const alwaysAgain = 0;

/** Variables of the process's own environment. */
export function environmentStore(env: NodeJS.ProcessEnv): SecretStore {
  return {
    async fetch(name) {
      const value = env[name];
      if (value) return { values: { [onlyValue]: value } };
      throw new ProviderError("NotFound", {
        operation: "fetch a secret",
        resource: `env:${name}`,
        reason: "the variable is not set",
        action: `Set ${name} for the API and the worker.`,
      });
    },
  };
}

/** Files: the whole text, or the members of a JSON object. What mounts secrets as files (systemd, Kubernetes, an agent of
 *  Vault's) replaces them when they change. */
export const fileStore: SecretStore = {
  async fetch(path): Promise<FetchedSecret> {
    let text: string;
    try {
      text = (await readFile(path, "utf8")).trim();
    } catch (cause) {
      const { code = "unknown reason" } = cause as NodeJS.ErrnoException;
      throw new ProviderError(code === "ENOENT" ? "NotFound" : "CloudPermissionDenied", {
        operation: "fetch a secret",
        resource: `file:${path}`,
        reason: `the file can't be read (${code})`,
        action: "Check the path, and that the API's and the worker's account may read it.",
      });
    }
    return { values: { [onlyValue]: text, ...membersOf(text) }, leaseMs: alwaysAgain };
  },
};

/** The text members of a JSON object; none for any other text. */
export function membersOf(text: string): Readonly<Record<string, string>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
    );
  } catch {
    return {};
  }
}
