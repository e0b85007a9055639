/** `hypertinypw/compress`: a network in fewer bytes of flash, without training it again; without Node. */
import type { Model } from '../model/model.ts';
import { compile, type Source } from '../runtime/load.ts';
import { type Compressed, compressUniformly, compressWithin, prepare, type StageReport } from './compress.ts';
import type { Method } from './options.ts';

export { BudgetError, type Compressed, type Stage, type StageReport } from './compress.ts';
export { METHODS, type Method } from './options.ts';

/** How compress() chooses. */
export interface CompressOptions {
  /** default 'auto': each layer the source with which all errors together are smallest; it needs a budget */
  method?: Method;
  /** bytes of the largest image */
  budget?: number;
  /** to calibrate on: raw inputs of program 0, each the bytes of all its inputs; without, weights alone are compared */
  inputs?: readonly Uint8Array[];
  /** the runtime that they are run through; default as of load() in hypertinypw/runtime */
  wasm?: Source | WebAssembly.Module;
  onProgress?: StageReport;
}

/**
 * The model and its image with fewer bytes of weights. Takes seconds to minutes of computing; in a browser, call it in
 * a worker. Throws BudgetError where the method does not get so small, Error for a model with nothing to compress.
 */
export async function compress(
  model: Model,
  { method = 'auto', budget, inputs, wasm, onProgress }: CompressOptions = {},
): Promise<Compressed> {
  if (method === 'auto' && budget === undefined)
    throw new TypeError('compress: expected a budget of bytes for method auto, got none; or name another method');
  const samples = inputs && inputs.length > 0 ? { inputs, wasm: await compile(wasm) } : null;
  const prepared = prepare(model, method, samples, onProgress);
  return budget === undefined ? compressUniformly(prepared, onProgress) : compressWithin(prepared, budget, onProgress);
}
