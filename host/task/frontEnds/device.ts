/**
 * The twin of a front end of integers: its own operators in the runtime, so that training sees the bytes of the device.
 */
import { lengthOf, type Signal, samplesOf } from '../../data/signal.ts';
import { pack } from '../../image/pack.ts';
import { Runtime } from '../../runtime/node.ts';
import { FASTEST } from '../../runtime/variants.ts';
import { type FrontEnd, windowTensor } from './frontEnd.ts';

/** `run` of a front end with these operators. A window that was varied is rounded to the type of the input first. */
export function onDevice(signal: Signal, operators: FrontEnd['operators']): FrontEnd['run'] {
  const samples = samplesOf(signal, lengthOf(signal));
  const most = signal.type === 'i8' ? 127 : 32_767;
  let runtime: Runtime | null = null; // made by the first window: who asks for shapes alone needs none
  return (window, integers) => {
    runtime ??= runtimeOf(signal, operators);
    if (window instanceof Int8Array || window instanceof Int16Array) samples.set(window);
    else roundInto(samples, window, most);
    integers.set(new Int8Array(runtime.run(samples).buffer));
  };
}

/** Nearest whole steps, halves up, of which there are `most` above zero and one more below. */
function roundInto(samples: Int8Array | Int16Array, values: ArrayLike<number>, most: number): void {
  for (let i = 0; i < samples.length; i++)
    samples[i] = Math.floor(Math.min(Math.max(values[i]!, -most - 1), most) + 0.5); // four times as fast as Math.round
}

/** Of a program that is the front end alone. */
function runtimeOf(signal: Signal, operators: FrontEnd['operators']): Runtime {
  const { sources, ...program } = operators(windowTensor(signal));
  const outputs = [program.tensors.length - 1];
  const programs = [{ name: 'front end', ...program, inputs: [0], outputs }];
  const model = { programs, sources, generators: [], metadata: { name: 'front end' } };
  return new Runtime(pack(model), FASTEST).load();
}
