/** Starts the array library, once per process. */

import { defaultDevice, init } from '@jax-js/jax';

let started: Promise<void> | null = null;

export function startArrays(): Promise<void> {
  started ??= start();
  return started;
}

async function start(): Promise<void> {
  // The library asks navigator for a GPU; Node 20 has no navigator.
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  await init('wasm');
  defaultDevice('wasm');
}
