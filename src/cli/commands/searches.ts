import { type Api, allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

type SavedSearch = Schemas["SavedSearch"];

export async function listSearches(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const searches = await listed(api);
  await show(searches, options.output, (items) =>
    table(
      items,
      [
        { head: "NAME", value: (search) => search.name },
        { head: "QUERY", value: (search) => search.query },
        { head: "OWNER", value: (search) => search.owner },
        { head: "SHARED", value: (search) => (search.shared ? "yes" : "no") },
        { head: "ID", value: (search) => search.search_id },
      ],
      "No searches are saved.",
    ),
  );
}

/** Under a name that is there already, its query is changed. */
export async function saveSearch(
  name: string,
  query: string,
  options: CommonOptions & { shared?: boolean },
): Promise<void> {
  const { api } = connectApi(options);
  const body = { name, query, ...(options.shared === undefined ? {} : { shared: options.shared }) };
  const made = await api.POST("/v1/searches", { body });
  const mine =
    made.response.status === 409 ? (await listed(api)).find((known) => known.mine && known.name === name) : undefined;
  const search = mine
    ? await answerOf(api.POST("/v1/searches/{id}", { params: { path: { id: mine.search_id } }, body }))
    : await answerOf(Promise.resolve(made));
  await show(
    search,
    options.output,
    async (kept) => `${kept.name} is ${mine ? "changed" : "saved"} (${kept.search_id}).`,
  );
}

export async function showSearch(nameOrId: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const search = await findSearch(api, nameOrId);
  await show(search, options.output, async ({ name, query, owner, shared, updated_at: at, search_id: id }) =>
    fields([
      ["Name", name],
      ["Query", query],
      ["Owner", owner],
      ["Shared", shared ? "yes" : "no"],
      ["Changed", at],
      ["ID", id],
    ]),
  );
}

export async function deleteSearch(nameOrId: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  const { name, owner, search_id: id } = await findSearch(api, nameOrId);
  await confirm(`Remove the search ${name} of ${owner}?`, options.yes ?? false);
  const removed = await answerOf(api.DELETE("/v1/searches/{id}", { params: { path: { id } } }));
  await show(removed, options.output, async () => `${name} is removed.`);
}

/** By its name where only one has it, or by its id; one's own goes before those of others.
 *  @throws CliError when there is none, or several. */
export async function findSearch(api: Api, nameOrId: string): Promise<SavedSearch> {
  const named = (await listed(api)).filter(({ name, search_id: id }) => name === nameOrId || id === nameOrId);
  const own = named.filter(({ mine }) => mine);
  const [found, second] = own.length > 0 ? own : named;
  if (found && !second) return found;
  if (!found) throw new CliError(`There is no search ${nameOrId}`, "See novacron searches list.");
  const those = named.map(({ search_id: id, owner }) => `${id} (${owner})`);
  throw new CliError(`${those.length} searches are called ${nameOrId}`, `Name one by its id: ${those.join(", ")}.`);
}

function listed(api: Api): Promise<SavedSearch[]> {
  return allPages((cursor) =>
    answerOf(api.GET("/v1/searches", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
}
