/**
 * The array library, loaded and started once per process by whoever trains. Until then its parts are not there, and
 * whoever trains nothing needs no library: configurations and shapes are checked without it.
 */
import type * as jax from '@jax-js/jax';

export let numpy: typeof jax.numpy;
export let lax: typeof jax.lax;
export let nn: typeof jax.nn;
export let tree: typeof jax.tree;
export let jit: typeof jax.jit;
export let grad: typeof jax.grad;

let started: Promise<void> | null = null;

/** Throws what `import` throws where the library is not installed. */
export function startArrays(): Promise<void> {
  started ??= start();
  return started;
}

async function start(): Promise<void> {
  const library = await import('@jax-js/jax');
  // The library asks navigator for a GPU; Node 20 has no navigator.
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  await library.init('wasm');
  library.defaultDevice('wasm');
  ({ numpy, lax, nn, tree, jit, grad } = library);
}
