/**
 * Kernels of training, compiled to one WebAssembly module with vectors of four floats. They work on addresses of its
 * memory and keep nothing; ../kernels.ts is the host's side. All arrays are float32; numbers of channels are multiples
 * of four, of which those that fill up are zero.
 */
export { adamw, squares } from './adamw';
export { addTo, sum } from './add';
export { patches, patchesGradient } from './convolution';
export { depthwise, depthwiseGradient } from './depthwise';
export { clipGradient, moments, normalizeGradient, quantize } from './normalization';
export { pool, poolGradient } from './pool';
export { pack, product, transposedProduct } from './product';
