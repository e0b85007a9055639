/** Log-mel features of the device beside a float reference, and what `open` asks of their tables and tensors. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HEADER_BYTES, HEADER_CRC_AT, SECTION_TABLES } from '../../assembly/format.ts';
import { quantizeMultiplier } from '../../host/arithmetic/fixed.ts';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import type { Model } from '../../host/model/model.ts';
import { energyScale, type LogMelOptions, logMelTables } from '../../host/operators/logMel.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { glide, logEnergies } from '../speech.ts';

/** 30 ms every 20 ms, 40 filters: what keyword spotters are given. */
const SPEECH: LogMelOptions = { rate: 16_000, frame: 0.03, step: 0.02, bands: 40, lowest: 20, highest: 7_600 };
/** natural logarithms from this one on, in steps of so much */
const [LOWEST, STEP] = [-14, 0.1];

/** A program that is the front end alone, for n samples: ln(energy) of samples in [-1, 1) */
function frontEnd(n: number, options = SPEECH): Model {
  const tables = logMelTables(options);
  const frames = Math.floor((n - tables.length) / tables.hop) + 1;
  const zeroPoint = -128;
  const reference = Math.round(1024 * (LOWEST / Math.LN2 + Math.log2(energyScale(tables.size))));
  const operator = { kind: 'logMel', name: 'mel', input: 0, input2: 1, output: 2, tables, reference } as const;
  return {
    programs: [
      {
        name: 'front end',
        tensors: [
          { name: 'sound', shape: [1, n, 1], type: 'i16', scale: 2 ** -15, zeroPoint: 0 },
          { name: 'workspace', shape: [1, 4 * tables.size, 1], type: 'i8', scale: 1, zeroPoint: 0 },
          { name: 'features', shape: [1, frames, options.bands], type: 'i8', scale: STEP, zeroPoint },
        ],
        operators: [{ ...operator, least: reference, factor: Math.LN2 / 1024 / STEP }],
        inputs: [0],
        outputs: [2],
      },
    ],
    sources: [],
    generators: [],
    metadata: { name: 'front end' },
  };
}

/** In dB: the features' power, less their mean, over that of the difference. */
function signalToNoise(ours: Int8Array, float: number[]): number {
  const mean = float.reduce((sum, x) => sum + x, 0) / float.length;
  const signal = float.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const noise = float.reduce((sum, x, i) => sum + (x - (LOWEST + (ours[i] + 128) * STEP)) ** 2, 0);
  return 10 * Math.log10(signal / noise);
}

function snrOf(clips: Int16Array[]): number {
  const [ours, float]: [number[], number[]] = [[], []];
  for (const clip of clips) {
    ours.push(...new Int8Array(new Runtime(pack(frontEnd(clip.length)), 'simd').load().run(clip).buffer));
    float.push(...logEnergies(clip, SPEECH).map((energy) => Math.max(energy, LOWEST)));
  }
  return signalToNoise(Int8Array.from(ours), float);
}

describe('log-mel features', () => {
  it('stand at least 40 dB above their difference from a float reference, on a gliding tone, loud, quiet and very quiet', () => {
    const snr = snrOf([glide(20_000), glide(900), glide(60)]);
    expect(snr).toBeGreaterThan(40);
  });

  const speech = join(process.env.HTPW_DATA ?? '../shared/data', 'speech-commands');
  it.skipIf(!existsSync(speech))(
    'stand at least 40 dB above their difference from a float reference, on speech',
    () => {
      const files = ['bed', 'bird', 'cat', 'dog'].flatMap((word) =>
        readdirSync(join(speech, word))
          .filter((name) => name.endsWith('.wav'))
          .sort()
          .slice(0, 2)
          .map((name) => join(speech, word, name)),
      );
      const clips = files.map((path) => new Int16Array(readFileSync(path).subarray(44).slice().buffer));
      expect(clips.length).toBeGreaterThan(0);
      const snr = snrOf(clips);
      expect(snr).toBeGreaterThan(40);
    },
  );

  it('survive pack and unpack', () => {
    const model = frontEnd(800);
    const [operator] = unpack(new ImageView(pack(model))).model.programs[0].operators;
    const { factor, ...rest } = model.programs[0].operators[0] as never as { factor: number };
    expect(operator).toMatchObject({ ...rest, name: expect.any(String) });
    expect(quantizeMultiplier((operator as never as { factor: number }).factor)).toEqual(quantizeMultiplier(factor));
  });
});

describe('open refuses log-mel features', () => {
  const image = pack(frontEnd(800));
  const { length, size, edges } = logMelTables(SPEECH);
  const edgesAt = 32 + length + 2 + size / 2 + 2;
  const TABLES: [what: string, at: number, value: number][] = [
    ['with a filter that begins at bin 0', edgesAt, 0],
    ['with a filter that ends before it begins', edgesAt + 2 * 20, 1],
    ['with a last bin above half the transform', edgesAt + 2 * (edges.length - 1), size / 2 + 1],
  ];
  const changed = (at: number, value: number) => {
    const copy = image.slice();
    const view = new DataView(copy.buffer);
    view.setUint16(new ImageView(image).section(SECTION_TABLES).offset + at, value, true);
    view.setUint32(HEADER_CRC_AT, crc32(copy.subarray(HEADER_BYTES)), true);
    return copy;
  };
  const refusal = (bytes: Uint8Array) => {
    try {
      new Runtime(bytes);
    } catch (error) {
      return error instanceof StatusError ? statusName(error.status) : String(error);
    }
    return 'accepted';
  };

  it.each(TABLES)('%s', (_, at, value) => {
    expect(refusal(changed(at, value))).toBe('BAD_TABLE');
  });

  it.each<[what: string, tensor: number, shape: [number, number, number]]>([
    ['of a window shorter than a frame', 0, [1, 479, 1]],
    ['of two channels of sound', 0, [1, 400, 2]],
    ['of several rows of sound', 0, [2, 400, 1]],
    ['with a workspace that is too small', 1, [1, 2_047, 1]],
    ['with an output for another number of frames', 2, [1, 3, 40]],
  ])('%s', (_, tensor, shape) => {
    const model = frontEnd(800);
    model.programs[0].tensors[tensor].shape = shape;
    expect(refusal(pack(model))).toBe('BAD_SHAPE');
  });
});
