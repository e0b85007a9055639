/** `hypertinypw`: the stages of the pipeline as a library, in Node; `htpw` is a thin layer over the same functions. */
export { type Board, boardNames, loadBoard } from './boards/board.ts';
export * from './compress/index.ts';
export { type BeatSet, CLASS_NAMES, WINDOW } from './data/beats.ts';
export { type Dataset, openDataset } from './data/dataset.ts';
export { scoreBeats } from './evaluate/beats.ts';
export { type EvaluateInput, type Evaluation, evaluate, type Scored } from './evaluate/evaluate.ts';
export * from './image/index.ts';
export { type Imported, type ImportOptions, importImage, importTflite } from './import/import.ts';
export * from './model/index.ts';
export { type ExecuteOptions, execute, type TensorValues } from './reference/executor.ts';
export { imageCosts } from './residency/costs.ts';
export { type Costs, type Curve, residenciesOf, residencyCurve, withPlans } from './residency/curve.ts';
export { Runtime, VARIANT_NAMES, type VariantName } from './runtime/node.ts';
export { dequantize, type Port, type Ports, quantize } from './runtime/ports.ts';
export type { Classification, RuntimeInput } from './runtime/runtime.ts';
export { StatusError, statusName } from './runtime/status.ts';
