import { describe, expect, it } from 'vitest';
import { checkSignal, decodeAnnotations, decodeSignals, parseHeader } from '../../host/data/wfdb.ts';

const header = (format: number, first: number[], sums: number[], count: number) =>
  parseHeader(
    `x 2 360 ${count}\r\nx.dat ${format} 200(1000)/mV 11 1024 ${first[0]} ${sums[0]} 0 MLII\r\nx.dat ${format} 200 11 1024 ${first[1]} ${sums[1]} 0 V5\r\n# a comment\r\n`,
    'x.hea',
  );

/** Signals to format 212, as a writer would. */
function encode212(interleaved: number[]): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < interleaved.length; i += 2) {
    const a = interleaved[i]! & 0xfff;
    const b = (interleaved[i + 1] ?? 0) & 0xfff;
    bytes.push(a & 0xff, (a >> 8) | ((b >> 8) << 4), b & 0xff);
  }
  return Uint8Array.from(bytes);
}

const first = [5, -2048, 2047, 0];
const second = [-1, 17, -300, 1024];
const interleaved = first.flatMap((value, i) => [value, second[i]!]);
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

describe('header', () => {
  it('gives gain, baseline, first sample, checksum and lead of each signal', () => {
    const { name, sampleRate, sampleCount, signals } = header(212, [995, 1011], [-22131, 20052], 650000);
    expect({ name, sampleRate, sampleCount }).toEqual({ name: 'x', sampleRate: 360, sampleCount: 650000 });
    expect(signals[0]).toMatchObject({
      gain: 200,
      baseline: 1000,
      firstSample: 995,
      checksum: -22131,
      description: 'MLII',
    });
    expect(signals[1]).toMatchObject({ baseline: 1024, description: 'V5' });
  });

  it('is refused when signal lines are missing', () => {
    expect(() => parseHeader('x 2 360 10\nx.dat 212', 'x.hea')).toThrow(/^x\.hea: expected a record line/);
  });
});

describe('signals', () => {
  const words = new Uint8Array(Int16Array.from(interleaved).buffer);
  for (const [format, bytes] of [
    [212, encode212(interleaved)],
    [16, words],
  ] as const) {
    it(`of format ${format} decode to what was encoded, negative values too`, () => {
      const parsed = header(format, [5, -1], [sum(first), sum(second)], 4);
      const [a, b] = decodeSignals(bytes, parsed, 'x.dat');
      expect([Array.from(a!), Array.from(b!)]).toEqual([first, second]);
      expect(() => checkSignal(a!, parsed.signals[0]!, 'x.dat')).not.toThrow();
    });
  }

  it('are refused when cut short, in an unknown format, or with another sum or first sample', () => {
    const bytes = encode212(interleaved);
    expect(() => decodeSignals(bytes.subarray(0, 6), header(212, [5, -1], [0, 0], 4), 'x.dat')).toThrow(
      /expected 8 samples/,
    );
    expect(() => decodeSignals(bytes, header(80, [5, -1], [0, 0], 4), 'x.dat')).toThrow(
      /expected signal format 212 or 16, got 80/,
    );
    const signal = Int16Array.from(first);
    expect(() => checkSignal(signal, header(212, [5, -1], [7, 0], 4).signals[0]!, 'x.dat')).toThrow(
      /expected checksum 7, got 4/,
    );
    expect(() => checkSignal(signal, header(212, [6, -1], [4, 0], 4).signals[0]!, 'x.dat')).toThrow(
      /expected first sample 6, got 5/,
    );
  });
});

describe('annotations', () => {
  const word = (code: number, value: number): number[] => {
    const bits = (code << 10) | (value & 0x3ff);
    return [bits & 0xff, bits >> 8];
  };
  const [N, V, NOTE] = [1, 5, 22];
  const [SKIP, NUM, SUB, CHN, AUX] = [59, 60, 61, 62, 63];

  it('carry interval, SKIP, NUM, SUB, CHN and AUX', () => {
    const skip = 70_000;
    const bytes = Uint8Array.from([
      ...word(N, 18),
      ...word(SKIP, 0),
      ...[(skip >> 16) & 0xff, skip >> 24, skip & 0xff, (skip >> 8) & 0xff],
      ...word(V, 5),
      ...word(SUB, -1),
      ...word(CHN, 1),
      ...word(NUM, 2),
      ...word(NOTE, 100),
      ...word(AUX, 3),
      ...[...'(VT'].map((letter) => letter.charCodeAt(0)),
      0, // padding to a whole word
      ...word(N, 1),
      0,
      0,
    ]);
    expect(decodeAnnotations(bytes, 'x.atr')).toEqual([
      { sample: 18, symbol: 'N', subtype: 0, channel: 0, number: 0, aux: '' },
      { sample: 70_023, symbol: 'V', subtype: -1, channel: 1, number: 2, aux: '' },
      { sample: 70_123, symbol: '"', subtype: 0, channel: 1, number: 2, aux: '(VT' },
      { sample: 70_124, symbol: 'N', subtype: 0, channel: 1, number: 2, aux: '' },
    ]);
  });

  it('are refused without the zero word at the end', () => {
    expect(() => decodeAnnotations(Uint8Array.from(word(N, 18)), 'x.atr')).toThrow(/^x\.atr: expected a zero word/);
  });
});
