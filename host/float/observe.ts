/** What a float network computes on calibration inputs: a histogram of every tensor, and the peaks of its channels. */
import { ImportError } from '../import/error.ts';
import type { Graph } from '../import/graph.ts';
import { Executor } from './execute.ts';
import { Histogram, type Range } from './histogram.ts';
import { STEPS } from './scales.ts';

/** How the range of a tensor comes from what was seen of it. */
export const RANGES = ['min-max', 'percentile', 'mse'] as const;
export type RangeMethod = (typeof RANGES)[number];

/** Share of the values that `percentile` leaves outside at either end. */
const OUTSIDE = 1e-4;

export interface Observed {
  histogram: Histogram;
  /** largest magnitude per channel */
  peaks: Float64Array;
}

/** Of every activation, by tensor. Throws ImportError for values that are not finite. */
export function observe(graph: Graph, inputs: readonly (readonly Float32Array[])[]): Map<number, Observed> {
  const executor = new Executor(graph);
  const observed = new Map<number, Observed>();
  const see = (tensor: number, values: Float32Array, what: string) => {
    const channels = graph.tensors[tensor].shape.at(-1) ?? 1;
    const seen = observed.get(tensor) ?? { histogram: new Histogram(), peaks: new Float64Array(channels) };
    observed.set(tensor, seen);
    try {
      seen.histogram.add(values);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ImportError(`${what} "${graph.tensors[tensor].name}": ${error.message}; calibrate with finite inputs`);
    }
    for (let i = 0; i < values.length; i++) {
      const magnitude = Math.abs(values[i]);
      if (magnitude > seen.peaks[i % channels]) seen.peaks[i % channels] = magnitude;
    }
  };
  for (const arrays of inputs) {
    graph.inputs.forEach((tensor, i) => {
      see(tensor, arrays[i], 'the input');
    });
    executor.run(arrays, ({ index, opcode, outputs }, values) => {
      outputs.forEach((tensor, i) => {
        see(tensor, values[i], `${index} ${opcode}`);
      });
    });
  }
  return observed;
}

export function rangeBy(method: RangeMethod, { histogram }: Observed): Range {
  if (method === 'min-max') return histogram.minMax();
  return method === 'percentile' ? histogram.percentile(OUTSIDE) : histogram.leastSquares(STEPS);
}
