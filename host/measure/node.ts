/** How fast the WebAssembly variants run in Node: time, where bench/ has instructions. */
import { Runtime } from '../runtime/node.ts';
import { PORTABLE, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';

export interface NodeFigure {
  /** of a device, with its instructions replaced by a polyfill */
  variant: VariantName;
  /** by the median round */
  windowsPerSecond: number;
  ofScalar: number;
  /** windows with an output other than scalar's */
  differing: number;
}

const WARM_UP = 3; // rounds, until V8 has optimised the module

/**
 * Runs all windows `rounds` times in each variant, the variants in turn, so that what else the computer does hits all
 * of them. `now` gives milliseconds.
 */
export function timeVariants(
  image: Uint8Array,
  windows: readonly Uint8Array[],
  rounds: number,
  now = () => performance.now(),
): NodeFigure[] {
  const runs = VARIANT_NAMES.map((variant) => {
    const runtime = new Runtime(image, variant).load();
    return { variant, runtime, outputs: windows.map((window) => runtime.run(window)), times: [] as number[] };
  });
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const { runtime, times } of runs) {
      const start = now();
      for (const window of windows) runtime.run(window);
      const time = now() - start;
      if (round >= 0) times.push(time);
    }
  }
  const scalar = runs.find(({ variant }) => variant === PORTABLE)!;
  return runs.map(({ variant, outputs, times }) => ({
    variant,
    windowsPerSecond: (1000 * windows.length) / median(times),
    ofScalar: median(scalar.times) / median(times),
    differing: outputs.filter((output, i) => !Buffer.from(output).equals(scalar.outputs[i])).length,
  }));
}

/** The upper one of two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
