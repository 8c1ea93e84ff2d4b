import { type InfiniteData, infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

export interface Page<Row> {
  readonly items: readonly Row[];
  readonly next_cursor?: string | undefined;
}

interface PagesOptions<Row, Answer extends Page<Row>> {
  readonly key: readonly unknown[];
  fetch(cursor: string | undefined, signal: AbortSignal): Promise<Answer>;
  readonly refetchMs?: number | undefined;
  readonly enabled?: boolean;
  /** Goes on showing what was there while something else is looked for. */
  readonly keeps?: boolean;
}

/** A list that is read page by page, as far as somebody looks. */
export function usePages<Row, Answer extends Page<Row> = Page<Row>>(options: PagesOptions<Row, Answer>) {
  const { key, fetch, refetchMs, enabled, keeps } = options;
  const query = useInfiniteQuery({
    ...infiniteQueryOptions({
      queryKey: key,
      queryFn: ({ pageParam, signal }) => fetch(pageParam, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last: Answer) => last.next_cursor,
    }),
    refetchInterval: refetchMs ?? false,
    enabled: enabled ?? true,
    ...(keeps ? { placeholderData: (before: InfiniteData<Answer, string | undefined> | undefined) => before } : {}),
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  return {
    ...query,
    rows,
    first: data?.pages[0],
    onEnd: hasNextPage && !query.isPlaceholderData ? more : undefined,
    /** Everything, read to its end: for a file. */
    readAll: async (): Promise<Row[]> => {
      const all: Row[] = [];
      let cursor: string | undefined;
      do {
        const page: Answer = await fetch(cursor, new AbortController().signal);
        all.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      return all;
    },
  };
}
