/**
 * Imported networks against what TensorFlow Lite Micro's reference kernels gave for them, byte by byte, on every variant
 * of the runtime and in the slow reference. Reads HTPW_DATA; skipped, and reported so, where its golden folder is missing.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ImportOptions, importImage } from '../../host/import/import.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime, type VariantName } from '../../host/runtime/runtime.ts';

const data = process.env.HTPW_DATA ?? join('..', 'shared', 'data');
const read = (...path: string[]) => new Uint8Array(readFileSync(join(data, ...path)));

interface Golden {
  model: string;
  input_stream_sha256: string;
  count: number;
  output_bytes_per_sample: number;
  input_tensors: { scale: number; zero_point: number }[];
  output_tensors: { scale: number; zero_point: number }[];
  score?: number;
  correct?: number;
  layers?: { sample: number; entries: { op: number; opcode: string; offset: number; bytes: number }[] };
}

/** The int8 inputs of every sample, one after another, where golden/ does not keep them itself. */
const INPUTS: Record<string, () => Uint8Array> = {
  kws_ref_model: () => read('mlperf-tiny', 'kws01_mfcc_int8.bin'),
  pretrainedResnet_quant: () => cifar(400, 1),
  vww_96_int8_cifar: () => cifar(8, 3),
  tflm_hello_world_int8: () => Uint8Array.from({ length: 256 }, (_, i) => i - 128),
};
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
const CIFAR_BYTES = 1 + 3 * 32 * 32; // label, then the planes of red, green and blue

/** Pictures as height x width x channels, int8 = pixel - 128, each pixel repeated `zoom` times both ways. */
function cifar(count: number, zoom: number): Uint8Array {
  const file = gunzipSync(read('cifar10-subset', 'test.bin.gz'));
  const size = 32 * zoom;
  const pictures = new Uint8Array(count * size * size * 3);
  for (let i = 0; i < pictures.length; i++) {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % size, Math.floor(i / 3 / size) % size];
    const picture = Math.floor(i / 3 / size / size);
    const at = picture * CIFAR_BYTES + 1 + 1024 * channel + 32 * Math.floor(y / zoom) + Math.floor(x / zoom);
    pictures[i] = file[at] - 128;
  }
  return pictures;
}

function load(name: string, options: ImportOptions = {}) {
  const golden: Golden = JSON.parse(readFileSync(join(data, 'golden', name, 'golden.json'), 'utf8'));
  const kept = existsSync(join(data, 'golden', name, 'input.bin'));
  const input = kept ? read('golden', name, 'input.bin') : INPUTS[name]();
  expect(createHash('sha256').update(input).digest('hex')).toBe(golden.input_stream_sha256);
  const samples = Array.from({ length: golden.count }, (_, i) =>
    input.subarray((i * input.length) / golden.count, ((i + 1) * input.length) / golden.count),
  );
  const outputs = read('golden', name, 'output.bin');
  const expected = samples.map((_, i) =>
    outputs.subarray(i * golden.output_bytes_per_sample, (i + 1) * golden.output_bytes_per_sample),
  );
  return { golden, samples, expected, ...importImage(read(golden.model), name, options) };
}

const signed = (byte: number) => (byte << 24) >> 24;
const argmax = (scores: Uint8Array) =>
  scores.reduce((best, _, i) => (signed(scores[i]) > signed(scores[best]) ? i : best), 0);

describe.skipIf(!existsSync(join(data, 'golden')))('an imported network (HTPW_DATA/golden)', () => {
  it.each(NAMES)('%s gives every output byte of every sample (simd), and of some (scalar, dsp)', (name) => {
    const { samples, expected, image } = load(name);
    const some = name === 'tflm_hello_world_int8' ? samples.length : 2;
    for (const [variant, count] of [
      ['simd', samples.length],
      ['scalar', some],
      ['dsp', some],
    ] as [VariantName, number][]) {
      const runtime = new Runtime(image, variant).load();
      const wrong = samples
        .slice(0, count)
        .filter((sample, i) => !Buffer.from(runtime.run(sample)).equals(expected[i]));
      expect([variant, wrong.length]).toEqual([variant, 0]);
    }
  });

  it.each(WITH_LAYERS)('%s gives every byte of every layer, on every variant and in the reference', (name) => {
    const { golden, samples, model, origins, image } = load(name, { keepDead: true });
    const { sample, entries } = golden.layers!;
    const dump = read('golden', name, 'layers.bin');
    const layer = (operator: number) => {
      const { offset, bytes } = entries.find(({ op }) => op === origins[operator].index)!;
      return Buffer.from(dump.subarray(offset, offset + bytes));
    };
    for (const variant of ['scalar', 'dsp', 'simd'] as const) {
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
