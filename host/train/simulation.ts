/**
 * The float simulation of the integer network, every rounding of the device included: training, calibration and
 * evaluation run this. Weights come as they are used, from real.ts; what is computed with them lies in stages/.
 */
import { Workspace } from './kernels/kernels.ts';
import type { NetworkSpec } from './network.ts';
import { lengthOfPatch } from './patches.ts';
import { AveragePool } from './stages/averagePool.ts';
import { Classifier } from './stages/classifier.ts';
import { Concatenation } from './stages/concatenation.ts';
import { NormalizedLayer } from './stages/normalized.ts';
import { Activation, type Moments, type RealArrays, type Stage } from './stages/stage.ts';
import { Sum } from './stages/sum.ts';

export type { Moments, RealArrays } from './stages/stage.ts';

/** For one batch size; windows that are missing in a batch are zero. */
export class Simulation {
  private readonly workspace: Workspace;
  private readonly input: Activation;
  private readonly stages: Stage[] = [];
  private readonly outputs: Activation[] = [];
  private readonly classifier: Classifier;

  /**
   * `lender`: of a network that is computed before this one, each time, on the same patches, and lends it what its
   * layers give.
   */
  constructor(
    spec: NetworkSpec,
    batch: number,
    private readonly lender: Simulation | null = null,
  ) {
    this.workspace = lender?.workspace ?? new Workspace();
    const { workspace, outputs } = this;
    const { positions, length } = lengthOfPatch(spec);
    this.input = lender?.input ?? new Activation(workspace, batch, positions, length, true);
    const outputOf = (node: number): Activation => outputs[node] ?? this.input;
    const add = (stage: Stage & { output: Activation }): void => {
      this.stages.push(stage);
      outputs.push(stage.output);
    };
    for (const node of spec.nodes.slice(0, -1)) {
      if (node.kind === 'layer') add(new NormalizedLayer(node.layer, outputOf(node.input), batch, workspace));
      else if (node.kind === 'add') {
        const [first, second] = node.inputs;
        add(new Sum(node.name, [outputOf(first), outputOf(second)], batch, workspace));
      } else if (node.kind === 'concatenation') {
        const channels = shapeOf(spec, node.input)[2];
        const lent = this.lender!.outputs[node.lent.node]!;
        add(new Concatenation([outputOf(node.input), lent], [channels, node.output[2] - channels], batch, workspace));
      } else {
        const [height, width] = shapeOf(spec, node.input);
        add(new AveragePool([height, width], node.kernel, outputOf(node.input), batch, workspace));
      }
    }
    const last = spec.nodes.at(-1);
    if (last?.kind !== 'layer' || last.layer.normalized)
      throw new Error('network: the last layer must be a classifier');
    this.classifier = new Classifier(last.layer, outputOf(last.input), batch, workspace);
  }

  /** Takes the arrays of realize(). */
  load(real: RealArrays): void {
    for (const stage of this.stages) stage.load(real);
    this.classifier.load(real);
  }

  /**
   * Logits [batch][classes] of patches [batch][positions][length], as patches.ts cuts them. Without moments of each
   * normalised layer, in order, those of the batch are used.
   */
  forward(patches: Float32Array, moments: readonly Moments[] | null): Float32Array<ArrayBuffer> {
    if (!this.lender) this.setInput(patches);
    let normalized = 0;
    for (const stage of this.stages)
      stage.forward(stage instanceof NormalizedLayer ? (moments?.[normalized++] ?? null) : null);
    return this.classifier.forward();
  }

  /** What the classifier took in the last forward(), [batch][values], channels filled up to whole vectors. */
  get features(): Float32Array<ArrayBuffer> {
    const { address, length } = this.outputs.at(-1) ?? this.input;
    return this.workspace.at(address, length).slice();
  }

  /** Of the last forward(): of each normalised layer, in order. */
  get moments(): Moments[] {
    return this.stages.flatMap(({ moments }) => (moments ? [moments] : []));
  }

  /**
   * After forward() without moments: gradients by the arrays that were loaded, of what has this one by the logits.
   * `isTeaching`: what is lent gets its part, which the lender's own backward() then adds to that of its logits.
   */
  backward(gradient: Float32Array, isTeaching = false): RealArrays {
    const slopes: RealArrays = {};
    this.classifier.backward(gradient, slopes);
    for (const stage of this.stages.toReversed()) stage.backward(slopes, isTeaching);
    return slopes;
  }

  private setInput(patches: Float32Array): void {
    const { address, length, rows, channels } = this.input;
    const values = this.workspace.at(address, length);
    const used = patches.length / rows;
    if (used === channels) values.set(patches);
    else
      for (let row = 0; row < rows; row++) values.set(patches.subarray(row * used, (row + 1) * used), row * channels);
  }
}

function shapeOf({ nodes, input }: NetworkSpec, index: number): readonly [number, number, number] {
  const node = nodes[index];
  if (!node) return input;
  return node.kind === 'layer' ? node.layer.output : node.output;
}
