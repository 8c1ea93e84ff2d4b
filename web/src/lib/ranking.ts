/** How well a text answers what was typed: smaller is better, undefined is not at all. Letters may be left out. */
export function rank(typed: string, text: string): number | undefined {
  const [wanted, within] = [typed.trim().toLowerCase(), text.toLowerCase()];
  if (wanted === "") return 0;
  const at = within.indexOf(wanted);
  if (at === 0) return 0;
  if (at > 0) return /[\s\-_./:]/.test(within[at - 1] ?? "") ? 1 : 2;
  let from = 0;
  let gaps = 0;
  for (const letter of wanted) {
    const found = within.indexOf(letter, from);
    if (found < 0) return undefined;
    gaps += found - from;
    from = found + 1;
  }
  return gaps > wanted.length * 3 ? undefined : 3 + gaps;
}

/** Those that answer, the best first; equal ones keep their order. */
export function best<Item>(typed: string, items: readonly Item[], textOf: (item: Item) => string): Item[] {
  return items
    .flatMap((item, index) => {
      const value = rank(typed, textOf(item));
      return value === undefined ? [] : [{ item, value, index }];
    })
    .sort((a, b) => a.value - b.value || a.index - b.index)
    .map(({ item }) => item);
}
