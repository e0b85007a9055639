/** How a network starts: the weights of its methods, and normalisation, biases and ranges of its layers. */

import type { Random } from '../system/random.ts';
import type { Parameters } from './arrays.ts';
import type { NetworkSpec } from './network.ts';
import { numpy as np } from './start.ts';

/** Activations start clipped at eight deviations of a normalised channel; training moves that. */
const INITIAL_RANGE = 8;

export const initialize = (spec: NetworkSpec, random: Random): Parameters => initializeAll([spec], random);

/** Networks that are trained together. */
export function initializeAll(specs: readonly NetworkSpec[], random: Random): Parameters {
  const parameters: Parameters = {};
  for (const method of specs[0]?.shared ?? []) Object.assign(parameters, method.initialize(random));
  for (const spec of specs) Object.assign(parameters, initializeOwn(spec, random));
  return parameters;
}

/** What no other network shares. */
function initializeOwn({ nodes, alone }: NetworkSpec, random: Random): Parameters {
  const parameters: Parameters = {};
  for (const node of nodes) {
    if (node.kind === 'add') parameters[`${node.name}.range`] = np.array([INITIAL_RANGE]);
    if (node.kind !== 'layer') continue;
    const { name, normalized, output } = node.layer;
    Object.assign(parameters, alone.get(name)?.initialize(random));
    if (!normalized) {
      parameters[`${name}.bias`] = np.zeros([output[2]]);
      continue;
    }
    parameters[`${name}.gamma`] = np.zeros([output[2]]);
    parameters[`${name}.beta`] = np.zeros([output[2]]);
    parameters[`${name}.range`] = np.array([INITIAL_RANGE]);
  }
  return parameters;
}
