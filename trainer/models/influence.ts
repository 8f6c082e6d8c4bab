/** Limits what one client can make a model believe of one product: anyone can forge a browser, and repeat itself. */
import type { Dataset, Shopper } from "../prepare.ts";

/** Acts of one client on one product that count, the first: whoever looks a sixth time says nothing new. */
export const MAX_ACTS_PER_PRODUCT = 5;
/** Moments of one client that are learnt from, the newest: more than nearly all people have, and a program's thousand no more than theirs. */
export const MAX_MOMENTS_PER_CLIENT = 50;

/**
 * The data set as models may learn it: of a client's acts on one product, those beyond the limit are gone from history and
 * answers, and of its moments before the test part only the newest are left. The test part decides nothing here.
 */
export function limitInfluence(dataset: Dataset): Dataset {
  const { validateUntilMs } = dataset.split;
  return { ...dataset, shoppers: dataset.shoppers.map((shopper) => limitShopper(shopper, validateUntilMs)) };
}

function limitShopper(shopper: Shopper, validateUntilMs: number): Shopper {
  const { history } = shopper;
  const acts = new Map<string, number>();
  // keptBefore[i]: entries among the first i that stay.
  const keptBefore = new Uint32Array(history.length + 1);
  history.forEach(({ item_id }, i) => {
    const times = (acts.get(item_id) ?? 0) + 1;
    acts.set(item_id, times);
    keptBefore[i + 1] = keptBefore[i]! + (times <= MAX_ACTS_PER_PRODUCT ? 1 : 0);
  });
  const stays = (i: number) => i >= history.length || keptBefore[i + 1]! > keptBefore[i]!;
  if (keptBefore[history.length] === history.length && shopper.moments.length <= MAX_MOMENTS_PER_CLIENT) return shopper;
  // A moment's answer is the entry after it; one whose newest entry or answer is gone goes too.
  const moments = shopper.moments.filter(({ after }) => stays(after - 1) && stays(after)).map((moment) => ({ ...moment, after: keptBefore[moment.after]! }));
  const learnt = moments.filter(({ atMs }) => atMs < validateUntilMs).slice(-MAX_MOMENTS_PER_CLIENT);
  return { ...shopper, history: history.filter((_, i) => stays(i)), moments: [...learnt, ...moments.filter(({ atMs }) => atMs >= validateUntilMs)] };
}
