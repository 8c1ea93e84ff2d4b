import { after, before } from "node:test";
import { openStore, type Store } from "../../src/store/index.ts";
import { startTestPostgres, type TestPostgres } from "./postgres.ts";

export interface TestStore {
  readonly postgres: TestPostgres;
  readonly store: Store;
}

/** One real PostgreSQL and one migrated store for all tests of the file. */
export function useStore(): TestStore {
  let postgres: TestPostgres | undefined;
  let store: Store | undefined;
  before(async () => {
    postgres = await startTestPostgres();
    store = await openStore({ databaseUrl: postgres.databaseUrl, pollMs: 500 });
    await store.migrate();
  });
  after(async () => {
    await store?.close();
    await postgres?.stop();
  });
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("the store has not been started yet");
    return part;
  };
  return {
    get postgres() {
      return started(postgres);
    },
    get store() {
      return started(store);
    },
  };
}
