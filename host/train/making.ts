/** What it takes to make weights that an image does not store: known from the configuration, without an image. */
import type { JointConfig } from './config.ts';
import { METHODS } from './methods/registry.ts';
import { specsOf } from './network.ts';

/** Multiply-accumulates of making all weights of each program once, as at boot. */
export const makingMacs = ({ programs }: JointConfig): number[] =>
  specsOf(programs).map(({ layers }) =>
    layers.reduce((sum, layer) => sum + (METHODS[layer.method.kind]!.makingMacs?.(layer.method, layer) ?? 0), 0),
  );
