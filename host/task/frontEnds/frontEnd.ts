/**
 * What stands between a window and the network: one file a kind, with the operators on the device and their float twin
 * for training, and one line in registry.ts.
 */
import type { Signal } from '../../data/signal.ts';
import type { Operator, Tensor, WeightSource } from '../../model/model.ts';
import type { Schema } from '../../system/json.ts';

/** What the network is given: int8, real value = scale * (integer - zeroPoint). */
export interface FrontEndOutput {
  shape: [height: number, width: number, channels: number];
  scale: number;
  zeroPoint: number;
}

export interface FrontEnd {
  output: FrontEndOutput;
  /**
   * One window, in steps of the input, to the integers that the device makes of it, within float rounding where the twin
   * is one of floats; [height * width * channels].
   */
  run(window: ArrayLike<number>, integers: Float32Array): void;
  /** What the device runs. */
  operators(window: Tensor): FrontEndProgram;
}

/** Tensor 0 is the window, the last is what the network is given. */
export interface FrontEndProgram {
  tensors: Tensor[];
  operators: Operator[];
  /** of operators with weights, which name them by their index here */
  sources: WeightSource[];
}

/** The tensor of a window. */
export const windowTensor = ({ name, shape, type, scale, zeroPoint }: Signal): Tensor => ({
  name,
  shape: [...shape],
  type,
  scale,
  zeroPoint,
});

/** `kind` names the file; the rest is its own. */
export interface FrontEndConfig {
  kind: string;
  [field: string]: unknown;
}

export interface FrontEndKind<C extends FrontEndConfig = FrontEndConfig> {
  schema: Schema<C>;
  /** what keeps it from taking such windows: field of the task and what is wrong; null where nothing */
  fault(config: C, signal: Signal): [field: string, message: string] | null;
  make(config: C, signal: Signal): FrontEnd;
}
