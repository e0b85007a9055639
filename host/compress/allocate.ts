/** One choice per layer with the smallest summed error that fits a number of bytes: exact. */

export interface Choice {
  bytes: number;
  error: number;
}

interface State extends Choice {
  /** index of the option taken last, and the state before */
  option: number;
  before: State | null;
}

/**
 * Index of the option taken for each layer, or null when even the smallest options are too large. Goes from layer to
 * layer with all sums that no other one beats in both bytes and error, which is dynamic programming over bytes without
 * the sums that cannot occur. Errors are at least 0; the first of equals wins.
 */
export function allocate(layers: readonly (readonly Choice[])[], budget: number): number[] | null {
  const least = layers.map((options) => Math.min(...options.map(({ bytes }) => bytes)));
  let left = least.reduce((sum, bytes) => sum + bytes, 0);
  let states: State[] = [{ bytes: 0, error: 0, option: -1, before: null }];
  layers.forEach((options, l) => {
    left -= least[l];
    const next = states.flatMap((before) =>
      options.map((choice, option) => ({
        bytes: before.bytes + choice.bytes,
        error: before.error + choice.error,
        option,
        before,
      })),
    );
    states = unbeaten(next.filter(({ bytes }) => bytes + left <= budget));
  });
  const best = states.at(-1); // the largest, and so the one with the smallest error
  if (!best) return null;
  const chosen: number[] = [];
  for (let state: State | null = best; state?.before; state = state.before) chosen.unshift(state.option);
  return chosen;
}

function unbeaten(states: State[]): State[] {
  states.sort((a, b) => a.bytes - b.bytes || a.error - b.error);
  let least = Number.POSITIVE_INFINITY;
  return states.filter(({ error }) => {
    if (error >= least) return false;
    least = error;
    return true;
  });
}
