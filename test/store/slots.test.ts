import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { openStore } from "../../src/store/index.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const alive = async (_holder: string): Promise<boolean> => true;

describe("slots", () => {
  const asker = (slots: number, ttlMs = 60_000) => {
    const resource = randomUUID();
    return {
      resource,
      ask: (holder: string, isThere = alive) => lab.store.slots.ask({ resource, holder, slots, ttlMs }, isThere),
    };
  };

  test("are given in the order of asking, once to each, and again when one is free", async () => {
    const { resource, ask } = asker(2);
    assert.deepEqual(await ask("a"), { granted: true });
    assert.deepEqual(await ask("a"), { granted: true });
    assert.deepEqual(await ask("b"), { granted: true });
    assert.deepEqual(await ask("c"), { granted: false, ahead: 0 });
    assert.deepEqual(await ask("d"), { granted: false, ahead: 1 });
    await lab.store.slots.release(resource, "a");
    assert.deepEqual(await ask("d"), { granted: false, ahead: 1 });
    assert.deepEqual(await ask("c"), { granted: true });
    await lab.store.slots.release(resource, "b");
    await lab.store.slots.release(resource, "b");
    assert.deepEqual(await ask("d"), { granted: true });
  });

  test("are no more than there are when many workers' runs ask at once", async () => {
    const { resource, ask } = asker(3);
    const other = await openStore({ databaseUrl: lab.postgres.databaseUrl });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        i % 2 === 0 ? ask(`h${i}`) : other.slots.ask({ resource, holder: `h${i}`, slots: 3, ttlMs: 60_000 }, alive),
      ),
    );
    assert.equal(answers.filter(({ granted }) => granted).length, 3);
    await other.close();
  });

  test("of runs that are gone go on to the next; those that only sleep keep theirs", async () => {
    const { ask } = asker(2, 0);
    await ask("sleeps");
    await ask("gone");
    const asked: string[] = [];
    const isThere = async (holder: string): Promise<boolean> => {
      asked.push(holder);
      return holder !== "gone";
    };
    assert.deepEqual(await ask("next", isThere), { granted: true });
    assert.deepEqual(asked.sort(), ["gone", "sleeps"]);
    assert.deepEqual(await ask("last", isThere), { granted: false, ahead: 0 });
  });

  test("are not asked about before their lease has run out", async () => {
    const { ask } = asker(1);
    await ask("a");
    const nobody = (): Promise<boolean> => assert.fail("nobody has to be asked about");
    assert.deepEqual(await ask("b", nobody), { granted: false, ahead: 0 });
  });
});
