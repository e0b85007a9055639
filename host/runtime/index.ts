/** `hypertinypw/runtime`: runs images in browsers and in Node; it imports nothing but its own few files. */
export type { LayerCrc } from '../records/branches.ts';
export { compile, type LoadOptions, load, loadSync, type Source } from './load.ts';
export { dequantize, type Port, type Ports, quantize } from './ports.ts';
export { type Classification, Runtime, type RuntimeInput, type Wasm } from './runtime.ts';
export { StatusError, statusName } from './status.ts';
