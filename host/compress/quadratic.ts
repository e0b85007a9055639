/**
 * The error that weights make in a layer's output: e' H e for weights that are off by e, H the inputs' covariance.
 * Rounding weights one at a time and letting those still to come make up for the error so far is Babai's nearest plane,
 * which OBQ and GPTQ do as well.
 */
import type { Moments } from './products.ts';

const DAMPING = 0.01; // of the mean variance: inputs that calibration never saw must not be free

export class Quadratic {
  /** [depth][depth], damped */
  readonly h: Float64Array;
  private readonly damping: number;
  /** order in which weights are rounded, the most important last in `factor`, which is walked backwards */
  private readonly order: Int32Array;
  /** upper triangular R with R'R = h, rows and columns in `order` */
  private readonly factor: Float64Array;

  constructor(
    readonly depth: number,
    covariance: Float64Array,
  ) {
    this.h = covariance.slice();
    let trace = 0;
    for (let k = 0; k < depth; k++) trace += covariance[k * depth + k];
    this.damping = trace > 0 ? (DAMPING * trace) / depth : 1;
    for (let k = 0; k < depth; k++) this.h[k * depth + k] += this.damping;
    this.order = Int32Array.from({ length: depth }, (_, k) => k).sort((a, b) => this.variance(a) - this.variance(b));
    this.factor = this.decompose();
  }

  variance(k: number): number {
    return this.h[k * this.depth + k];
  }

  /** Cholesky: R'R = h, row by row; a row whose inputs go with no others is left alone. */
  private decompose(): Float64Array {
    const { depth, h, order } = this;
    const r = new Float64Array(depth * depth);
    for (let i = 0; i < depth; i++) for (let j = i; j < depth; j++) r[i * depth + j] = h[order[i] * depth + order[j]];
    for (let i = 0; i < depth; i++) {
      const line = i * depth;
      const root = Math.sqrt(Math.max(r[line + i], 1e-12));
      for (let j = i; j < depth; j++) r[line + j] /= root;
      for (let j = i + 1; j < depth; j++) {
        const factor = r[line + j];
        if (factor === 0) continue;
        for (let k = j; k < depth; k++) r[j * depth + k] -= factor * r[line + k];
      }
    }
    return r;
  }

  /** Rounds weights [depth] / scale with error feedback into `levels`; returns the error. */
  round(weights: Float64Array, scale: number, nearest: (x: number) => number, levels: Float64Array): number {
    const { depth, order, factor } = this;
    const off = new Float64Array(depth); // of those already rounded, in `order`
    let error = 0;
    for (let i = depth - 1; i >= 0; i--) {
      const k = order[i];
      const line = i * depth;
      let carried = 0;
      for (let j = i + 1; j < depth; j++) carried += factor[line + j] * off[j];
      const wanted = weights[k] / scale + carried / factor[line + i];
      levels[k] = nearest(wanted);
      off[i] = weights[k] / scale - levels[k];
      const step = factor[line + i] * (wanted - levels[k]);
      error += step * step;
    }
    return error * scale * scale;
  }

  /** The weights that come nearest to what `weights` made of the inputs before they changed: h x = cross weights. */
  retarget(weights: Float64Array, cross: Float64Array): Float64Array {
    const { depth, order, factor, damping } = this;
    const x = new Float64Array(depth);
    for (let i = 0; i < depth; i++) {
      const k = order[i];
      let sum = damping * weights[k]; // as damping pulls towards 0
      for (let j = 0; j < depth; j++) sum += cross[k * depth + j] * weights[j];
      for (let j = 0; j < i; j++) sum -= factor[j * depth + i] * x[j];
      x[i] = sum / factor[i * depth + i];
    }
    for (let i = depth - 1; i >= 0; i--) {
      for (let j = i + 1; j < depth; j++) x[i] -= factor[i * depth + j] * x[j];
      x[i] /= factor[i * depth + i];
    }
    const targets = new Float64Array(depth);
    for (let i = 0; i < depth; i++) targets[order[i]] = x[i];
    return targets;
  }

  /** h (weights / scale - levels) */
  gradient(weights: Float64Array, scale: number, levels: Float64Array): Float64Array {
    const { depth, h } = this;
    const gradient = new Float64Array(depth);
    for (let j = 0; j < depth; j++) {
      const off = weights[j] / scale - levels[j];
      if (off === 0) continue;
      for (let k = 0; k < depth; k++) gradient[k] += h[j * depth + k] * off;
    }
    return gradient;
  }

  /** Moves single levels as long as that makes the error smaller. */
  improve(weights: Float64Array, scale: number, nearest: (x: number) => number, levels: Float64Array): void {
    const { depth, h } = this;
    const gradient = this.gradient(weights, scale, levels);
    for (let sweep = 0; sweep < 20; sweep++) {
      let moved = false;
      for (let k = 0; k < depth; k++) {
        const better = nearest(levels[k] + gradient[k] / h[k * depth + k]);
        const delta = better - levels[k];
        if (delta === 0 || delta * delta * h[k * depth + k] - 2 * delta * gradient[k] > -1e-9) continue;
        levels[k] = better;
        for (let j = 0; j < depth; j++) gradient[j] -= delta * h[k * depth + j];
        moved = true;
      }
      if (!moved) return;
    }
  }

  /** The scale with the smallest error for given levels; `otherwise` when none is positive. */
  bestScale(weights: Float64Array, levels: ArrayLike<number>, otherwise: number): number {
    const { depth, h } = this;
    let [both, square] = [0, 0];
    for (let j = 0; j < depth; j++) {
      if (levels[j] === 0) continue;
      for (let k = 0; k < depth; k++) {
        both += levels[j] * h[j * depth + k] * weights[k];
        square += levels[j] * h[j * depth + k] * levels[k];
      }
    }
    return both > 0 && square > 0 ? both / square : otherwise;
  }

  /** e' h e for e = weights - scale * levels */
  error(weights: Float64Array, scale: number, levels: ArrayLike<number>): number {
    const { depth, h } = this;
    let error = 0;
    for (let j = 0; j < depth; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += h[j * depth + k] * (weights[k] - scale * levels[k]);
      error += sum * (weights[j] - scale * levels[j]);
    }
    return error;
  }
}

/** One for each channel of a layer; channels that share their inputs, all or groups of them, share it. */
export function quadratics({ depth, sets, covariance }: Moments, channels: number): Quadratic[] {
  const own = Array.from(
    { length: sets },
    (_, set) => new Quadratic(depth, covariance.subarray(set * depth * depth, (set + 1) * depth * depth)),
  );
  return Array.from({ length: channels }, (_, c) => own[Math.floor((c * sets) / channels)]);
}
