/**
 * Damaged .tflite files: imported, or refused with an ImportError, never anything else and never slowly.
 * HTPW_MUTATIONS sets how many (2,000 by default).
 */
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { ImportError } from '../../host/import/error.ts';
import { importImage } from '../../host/import/import.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { random } from '../zoo.ts';
import { activation, bias, FIXTURES, single, weights } from './fixtures.ts';
import { int8, int32, tflite } from './tflite.ts';

const COUNT = Number(process.env.HTPW_MUTATIONS ?? 2000);
const LIMIT_MS = 1000;
const EXTREMES = [0, 1, 2, 4, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff];

/** An endless, seeded sequence of damaged copies of `files`, with the kind of damage. */
function* mutants(files: Uint8Array[], seed: number): Generator<{ how: string; bytes: Uint8Array }> {
  const next = random(seed);
  const below = (count: number) => Math.floor(next() * count);
  const from = <T>(list: readonly T[]) => list[below(list.length)];
  const kinds: Record<string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array> = {
    'bit flips': (bytes) => edit(bytes, (at) => (bytes[at] ^= 1 << below(8))),
    'bytes overwritten': (bytes) => edit(bytes, (at) => (bytes[at] = below(256))),
    truncation: (bytes) => bytes.slice(0, below(bytes.length)),
    splice: (bytes) => {
      const other = from(files);
      const [to, at] = [below(bytes.length), below(other.length)];
      bytes.set(other.subarray(at, at + Math.min(1 + below(64), bytes.length - to)), to);
      return bytes;
    },
    // every field, length and offset of a FlatBuffer but vtable entries is 32 bits wide and aligned
    '32-bit extremes': (bytes) => {
      const view = new DataView(bytes.buffer);
      return edit(bytes, (at) => view.setUint32(Math.min(at & ~3, (bytes.length - 4) & ~3), from(EXTREMES), true));
    },
    // a small step leads an offset or a length to a neighbour that may well be valid
    '32-bit steps': (bytes) => {
      const view = new DataView(bytes.buffer);
      return edit(bytes, (at) => {
        const word = Math.min(at & ~3, (bytes.length - 4) & ~3);
        view.setUint32(word, view.getUint32(word, true) + from([-8, -4, -1, 1, 4, 8]), true);
      });
    },
  };
  const edit = (bytes: Uint8Array, change: (at: number) => void) => {
    for (let edits = 1 + below(next() < 0.7 ? 2 : 12); edits > 0; edits--) change(below(bytes.length));
    return bytes;
  };
  for (;;) {
    const how = from(Object.keys(kinds));
    yield { how, bytes: kinds[how](Uint8Array.from(from(files))) };
  }
}

describe('a .tflite that is small and describes something large', () => {
  const refusal = (bytes: Uint8Array) => {
    const begin = performance.now();
    expect(() => importImage(bytes, 'x')).toThrow(ImportError);
    expect(performance.now() - begin).toBeLessThan(LIMIT_MS);
    try {
      importImage(bytes, 'x');
    } catch (error) {
      return (error as Error).message;
    }
  };
  const layer = { opcode: 'DEPTHWISE_CONV_2D', optionsType: 2, options: { 0: int8(0), 1: int32(1), 2: int32(1) } };

  it('is refused where 30,000 operators share one long list of inputs', () => {
    const operators = [{ opcode: 'ADD', inputs: new Array(30_000).fill(0), outputs: [1] }];
    const file = { tensors: [activation([1, 3]), activation([1, 3])], operators, inputs: [0], outputs: [1] };
    expect(refusal(tflite({ ...file, operatorCopies: 30_000 }))).toMatch(
      /refers to the same bytes more than 4 times over/,
    );
  });

  it('is refused where many operators share the widest layer, its biases all too large for the device', () => {
    const channels = 65_535;
    const wide = activation([1, 1, 1, channels]);
    const tensors = [
      wide,
      { ...weights([1, 1, 1, channels], 3, 1e-9), data: new Array(channels).fill(0) },
      { ...bias(channels), data: new Array(channels).fill(2 ** 30) },
      ...new Array(200).fill(wide),
    ];
    const operators = Array.from({ length: 200 }, (_, i) => ({
      ...layer,
      inputs: [i === 0 ? 0 : i + 2, 1, 2],
      outputs: [i + 3],
    }));
    expect(refusal(tflite({ tensors, operators, inputs: [0], outputs: [202] }))).toMatch(
      /no model for a microcontroller/,
    );
  });

  it('is refused where the arena would be larger than a plan can describe', () => {
    const tensors = [activation([1, 4096, 2047, 1]), activation([1, 4096, 2047, 1]), activation([1, 4096, 2047, 1])];
    const file = { ...single('ADD', tensors), inputs: [0, 1] };
    expect(refusal(tflite(file))).toMatch(/bytes of RAM, a plan holds .*; use smaller activations/);
  });
});

describe('a damaged .tflite', () => {
  it(`is imported to an image that opens, or refused in one line, within ${LIMIT_MS} ms (${COUNT} mutants)`, {
    timeout: 30 * 60_000,
  }, () => {
    const files = Object.values(FIXTURES).map(({ file }) => tflite(file));
    const all = mutants(files, 20260);
    const wrong: string[] = [];
    const slowest = { ms: 0, how: '', mutant: -1 };
    let imported = 0;
    for (let mutant = 0; mutant < COUNT; mutant++) {
      const { how, bytes } = all.next().value as { how: string; bytes: Uint8Array };
      const begin = performance.now();
      let image: Uint8Array | null = null;
      try {
        image = importImage(bytes, 'mutant').image;
      } catch (error) {
        const { message } = error as Error;
        if (!(error instanceof ImportError) || message.includes('\n')) wrong.push(`${mutant} ${how}: ${error}`);
      }
      const ms = performance.now() - begin;
      if (ms > slowest.ms) Object.assign(slowest, { ms, how, mutant });
      if (image === null) continue;
      imported++;
      try {
        new Runtime(image);
      } catch (error) {
        wrong.push(`${mutant} ${how}: imported, but open refuses: ${error}`);
      }
    }
    console.log(
      `${COUNT} mutants: ${imported} imported, slowest ${slowest.ms.toFixed(1)} ms (${slowest.how}, mutant ${slowest.mutant})`,
    );
    expect(wrong).toEqual([]);
    expect(imported).toBeGreaterThan(COUNT / 50);
    expect(slowest.ms).toBeLessThan(LIMIT_MS);
  });
});
