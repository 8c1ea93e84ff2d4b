import { allOf, defaultSort, type Expression } from "../domain/search/query.ts";
import { tagKeys, type Vm } from "../domain/vm.ts";
import type { Access } from "./route.ts";
import type { ApiContext } from "./routes/context.ts";
import { readSearch } from "./search-text.ts";

const pageSize = 200;

export interface FoundVm {
  readonly vmId: string;
  readonly name: string;
  readonly site: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What a search of the inventory finds of VMs that the caller reaches, but for those that were moved away already and
 *  those that are at the target. @throws ProblemError InvalidInput that points at the column. */
export async function findVms(
  { store }: Pick<ApiContext, "store">,
  access: Access,
  { query = "", from, to }: { query?: string | undefined; from?: string | undefined; to?: string | undefined },
): Promise<FoundVm[]> {
  const search = readSearch(query, undefined, Date.now(), "query");
  const where = allOf(search.where, is("kind", "vm"), ...(from === undefined ? [] : [is("site", from)]));
  const sort = search.sort.length > 0 ? search.sort : defaultSort;
  const vms: FoundVm[] = [];
  let cursor: string | undefined;
  do {
    const asked = { where, sort, limit: pageSize, ...(access.scopes === undefined ? {} : { scopes: access.scopes }) };
    const page = await store.resources.search({ ...asked, ...(cursor === undefined ? {} : { cursor }) });
    for (const { site, resourceId, name, document } of page.items) {
      const { tags } = document as unknown as Pick<Vm, "tags">;
      if (site !== to && tags[tagKeys.fencedBy] === undefined) vms.push({ vmId: resourceId, name, site, tags });
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return vms;
}

function is(field: "kind" | "site", value: string): Expression {
  return { type: "match", field, pattern: { type: "exact", value } };
}
