import { type CostModel, onPremiseMonth } from "../../domain/cost-model.ts";
import type { FocusRow } from "../../domain/focus.ts";
import type { CostsFacet } from "../cost-facet.ts";
import type { ProviderContext } from "../provider.ts";

/** Nobody bills a host of one's own: its costs are those of its model, by what ran on it. */
export class LibvirtCosts implements CostsFacet {
  readonly format = "focus";
  readonly #site: string;
  readonly #model: CostModel;
  readonly #metered: NonNullable<ProviderContext["metered"]>;

  constructor(site: string, model: CostModel, metered: NonNullable<ProviderContext["metered"]>) {
    this.#site = site;
    this.#model = model;
    this.#metered = metered;
  }

  async *readCosts(month: string, signal: AbortSignal): AsyncGenerator<FocusRow> {
    const until = Date.now();
    const use = await this.#metered(month, signal);
    signal.throwIfAborted();
    yield* onPremiseMonth({ site: this.#site, month, until }, this.#model, use);
  }
}
