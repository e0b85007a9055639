/** The stages of the pipeline as a library; `htpw` is a thin layer over the same functions. */
export {
  BudgetError,
  type Compressed,
  compressUniformly,
  compressWithin,
  type Prepared,
  prepare,
} from './compress/compress.ts';
export { evaluate } from './evaluate/evaluate.ts';
export { pack } from './image/pack.ts';
export { bytesByCategory, regionsOf } from './image/regions.ts';
export { type Residencies, withResidencies, withResidency } from './image/seal.ts';
export { unpack } from './image/unpack.ts';
export { ImageView } from './image/view.ts';
export { type Imported, importImage, importTflite } from './import/import.ts';
export type * from './model/model.ts';
export { execute } from './reference/executor.ts';
export { imageCosts } from './residency/costs.ts';
export { type Costs, type Curve, residenciesOf, residencyCurve } from './residency/curve.ts';
export { dequantize, type Port, type Ports, quantize } from './runtime/ports.ts';
export { Runtime, type RuntimeInput, type VariantName } from './runtime/runtime.ts';
export { StatusError, statusName } from './runtime/status.ts';
export { trainModel } from './train/train.ts';
