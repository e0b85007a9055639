/** A float network as front ends hand it to the quantiser. */
import type { Graph } from '../import/graph.ts';
import { readSubgraphs } from '../import/graph.ts';
import { bindVariables } from '../import/variables.ts';
import { fuse } from './fuse.ts';
import { isFloat, plainFloat } from './plain.ts';
import { checkWork } from './work.ts';

/** An input as its file has it, and as the image does. */
export interface FloatPort {
  name: string;
  /** in the file */
  shape: number[];
  /** in the image: channels last */
  arranged: number[];
  /** Values in the order of the file in that of the image. */
  arrange(values: Float32Array): Float32Array;
}

export interface FloatNetwork {
  /** fused; tensors that have scales already are quantised with those */
  graph: Graph;
  inputs: FloatPort[];
  /** whether every tensor has its scale in the file, so that nothing needs to be calibrated */
  isQuantized: boolean;
  source: string;
}

/** The network of a float .tflite; null for one that computes in INT8. Throws ImportError. */
export function floatTflite(bytes: Uint8Array): FloatNetwork | null {
  const graph = bindVariables(readSubgraphs(bytes));
  if (!isFloat(graph)) return null;
  const inputs = graph.inputs.map((tensor) => {
    const { name, shape } = graph.tensors[tensor];
    return { name, shape, arranged: shape, arrange: (values: Float32Array) => values };
  });
  return { graph: fuse(checkWork(plainFloat(graph))), inputs, isQuantized: false, source: 'tflite' };
}
