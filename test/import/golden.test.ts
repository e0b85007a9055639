/**
 * Imported networks against what TensorFlow Lite Micro's reference kernels gave for them, byte by byte, on every
 * variant of the runtime and in the slow reference. Reads HTPW_DATA; skipped, and reported so, where its golden folder
 * is missing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ImportOptions, importImage } from '../../host/import/import.ts';
import { CIFAR_BYTES, readGolden } from '../../host/measure/golden.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { FASTEST, VARIANT_NAMES } from '../../host/runtime/variants.ts';

const data = process.env.HTPW_DATA ?? join('..', 'shared', 'data');
const read = (...path: string[]) => new Uint8Array(readFileSync(join(data, ...path)));

const NAMES = [
  'kws_ref_model',
  'pretrainedResnet_quant',
  'vww_96_int8',
  'vww_96_int8_cifar',
  'tflm_person_detect',
  'ad01_int8',
  'tflm_micro_speech_quantized',
  'tflm_hello_world_int8',
];
const WITH_LAYERS = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8'];

function load(name: string, options: ImportOptions = {}) {
  const { record: golden, model, samples, expected } = readGolden(join(data, 'golden'), name);
  return { golden, samples, expected, ...importImage(model, name, options) };
}

const signed = (byte: number) => (byte << 24) >> 24;
const argmax = (scores: Uint8Array) =>
  scores.reduce((best, _, i) => (signed(scores[i]) > signed(scores[best]) ? i : best), 0);

describe.skipIf(!existsSync(join(data, 'golden')))('an imported network (HTPW_DATA/golden)', () => {
  it.each(NAMES)(
    '%s gives every output byte of every sample in the fastest variant, and of some in all others',
    (name) => {
      const { samples, expected, image } = load(name);
      const some = name === 'tflm_hello_world_int8' ? samples.length : 2;
      for (const variant of VARIANT_NAMES) {
        const runtime = new Runtime(image, variant).load();
        const wrong = samples
          .slice(0, variant === FASTEST ? samples.length : some)
          .filter((sample, i) => !Buffer.from(runtime.run(sample)).equals(expected[i]));
        expect([variant, wrong.length]).toEqual([variant, 0]);
      }
    },
  );

  it.each(WITH_LAYERS)('%s gives every byte of every layer, on every variant and in the reference', (name) => {
    const { golden, samples, model, origins, image } = load(name, { keepDead: true });
    const { sample, entries } = golden.layers!;
    const dump = read('golden', name, 'layers.bin');
    const layer = (operator: number) => {
      const { offset, bytes } = entries.find(({ op }) => op === origins[operator].index)!;
      return Buffer.from(dump.subarray(offset, offset + bytes));
    };
    for (const variant of VARIANT_NAMES) {
      const differing: number[] = [];
      let compared = 0;
      new Runtime(image, variant).load().trace(samples[sample], (operator, result) => {
        compared++;
        if (!layer(operator).equals(result)) differing.push(origins[operator].index);
      });
      expect([variant, compared, differing]).toEqual([variant, origins.length, []]);
    }
    const [program] = model.programs;
    const values = execute(model, program, [samples[sample]], { tables: 'q31' });
    const differing = program.operators.filter(
      ({ output }, i) => !layer(i).equals(new Uint8Array(values[output].buffer)),
    );
    expect(differing).toEqual([]);
  });

  it('kws_ref_model gets 629 of 700 right', () => {
    const { golden, samples, image } = load('kws_ref_model');
    const labels = readFileSync(join(data, 'mlperf-tiny', 'kws01_labels.csv'), 'utf8');
    expect(countRight(image, samples, labelsOf(labels))).toBe(golden.correct);
    expect(golden.correct).toBe(629);
  });

  it('pretrainedResnet_quant gets 295 of 400 right', () => {
    const { golden, samples, image } = load('pretrainedResnet_quant');
    const file = gunzipSync(read('cifar10-subset', 'test.bin.gz'));
    const labels = samples.map((_, i) => file[i * CIFAR_BYTES]);
    expect(countRight(image, samples, labels)).toBe(golden.correct);
    expect(golden.correct).toBe(295);
  });

  it('ad01_int8 scores its clip with 10.2645', () => {
    const { golden, samples, image } = load('ad01_int8');
    const spectrum = new Float32Array(read('mlperf-tiny', 'ad01_normal_id_01_00000000_hist_librosa.f32.bin').buffer);
    const { scale, zero_point } = golden.output_tensors[0];
    const runtime = new Runtime(image, 'simd').load();
    const errors = samples.map((sample, i) => {
      const output = runtime.run(sample);
      const squares = Array.from(
        output,
        (byte, k) => (spectrum[128 * i + k] - scale * (signed(byte) - zero_point)) ** 2,
      );
      return squares.reduce((a, b) => a + b, 0) / squares.length;
    });
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeCloseTo(golden.score!, 4);
  });
});

function labelsOf(csv: string): number[] {
  return csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',').at(-1)));
}

function countRight(image: Uint8Array, samples: Uint8Array[], labels: number[]): number {
  const runtime = new Runtime(image, 'simd').load();
  return samples.filter((sample, i) => argmax(runtime.run(sample)) === labels[i]).length;
}
