/** WAV: every kind of sample, chunks in any order, sizes that lie, damage; with HTPW_DATA, real recordings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { monoOf, readWav } from '../../../host/data/formats/wav.ts';
import { dataRoot } from '../recordings.ts';
import { damaged, expectValueOrLine } from './damage.ts';
import { dataChunk, formatChunk, riff, type Shape, wav } from './wavWriter.ts';

const channelsOf = (bytes: Uint8Array): number[][] => readWav(bytes, 'x.wav').channels.map((one) => Array.from(one));

describe('samples', () => {
  it.each<[string, Shape, number[], number]>([
    ['8 bits, unsigned in the file', { bits: 8 }, [-128, -1, 0, 127], 128],
    ['16 bits', { bits: 16 }, [-32768, -1, 0, 1, 32767], 32768],
    ['24 bits', { bits: 24 }, [-8388608, -65537, -1, 0, 255, 256, 8388607], 8388608],
    ['32 bits', { bits: 32 }, [-2147483648, 0, 256, 65536], 2147483648],
    ['16 bits behind the extensible format', { bits: 16, extensible: true }, [-32768, 5], 32768],
    ['floats of 32 bits', { bits: 32, format: 3 }, [-1, 0.5, 1.5], 1],
    ['floats of 64 bits', { bits: 64, format: 3 }, [-1, 0.5, 1.5], 1],
    ['floats behind the extensible format', { bits: 32, format: 3, extensible: true }, [-1, 0.25], 1],
  ])('of %s come out exactly, as parts of full scale', (_, shape, samples, scale) => {
    expect(channelsOf(wav(samples, shape))).toEqual([samples.map((sample) => sample / scale)]);
  });

  it('of several channels are taken apart; one is the first, or their mean', () => {
    const read = readWav(wav([100, -100, 300, 500], { channels: 2, rate: 44100 }), 'x.wav');
    expect(read).toMatchObject({ rate: 44100, bits: 16, encoding: 'integer', frames: 2 });
    expect(read.channels.map((one) => Array.from(one, (sample) => sample * 32768))).toEqual([
      [100, 300],
      [-100, 500],
    ]);
    expect(Array.from(monoOf(read), (sample) => sample * 32768)).toEqual([100, 300]);
    expect(Array.from(monoOf(read, 'mean'), (sample) => sample * 32768)).toEqual([0, 400]);
  });
});

describe('chunks', () => {
  const list = { id: 'LIST', bytes: Buffer.from('odd') };

  it.each([
    ['others before, between and behind', [list, formatChunk({}), list, dataChunk([7, 8]), list]],
    ['samples before their format', [dataChunk([7, 8]), list, formatChunk({})]],
  ])('are found with %s', (_, chunks) => {
    expect(channelsOf(riff(chunks))).toEqual([[7 / 32768, 8 / 32768]]);
  });

  it.each([
    ['0', 0],
    ['0xffffffff', 0xffffffff],
    ['what SoX writes', 0x7ffff000],
  ])('whose size is %s, as streams leave it, go on to the end of the file, without half a frame', (_, size) => {
    const data = dataChunk([1, 2, 3, 4, 5], { bits: 16 });
    const stream = riff([formatChunk({ channels: 2 }), { ...data, size }], { size });
    expect(channelsOf(stream)[0]).toEqual([1 / 32768, 3 / 32768]);
  });

  it('the size of the whole is not believed', () => {
    expect(channelsOf(riff([formatChunk({}), dataChunk([7])], { size: 3 }))).toEqual([[7 / 32768]]);
  });
});

describe('faults', () => {
  const [format, data] = [formatChunk({}), dataChunk([1, 2, 3])];
  const patched = (at: number, value: number) => {
    const { bytes } = formatChunk({});
    Buffer.from(bytes.buffer, bytes.byteOffset).writeUInt16LE(value, at);
    return riff([{ id: 'fmt ', bytes }, data]);
  };

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /the file is empty; expected a WAV recording$/],
    ['another kind of file', Buffer.from('fLaC and so on'), /expected a WAV recording .*another kind; convert it$/],
    ['RF64', riff([format, data], { id: 'RF64' }), /RF64.*more than 4 GiB.*cut it/],
    ['RIFX', riff([format, data], { id: 'RIFX' }), /RIFX, big-endian.*convert it/],
    ['no format', riff([data]), /chunk "fmt ".*got none/],
    ['no samples', riff([format]), /chunk "data".*got none/],
    [
      'an empty recording',
      riff([format, dataChunk([]), { id: 'LIST', bytes: Buffer.from('abcd') }]),
      /samples, got none/,
    ],
    [
      'a file cut short',
      riff([format, data]).subarray(0, -2),
      /expected 6 bytes of samples, got 4; the file is cut short/,
    ],
    ['half a frame', riff([formatChunk({ channels: 2 }), data]), /whole frames of 4 bytes, got 6 bytes/],
    ['ADPCM', patched(0, 2), /expected PCM or floating point, got Microsoft ADPCM; convert it to 16-bit PCM/],
    ['A-law', patched(0, 6), /A-law/],
    ['a format that nobody knows', patched(0, 999), /format 999/],
    ['12 bits', patched(14, 12), /PCM of 8, 16, 24, 32 bits, got 12/],
    ['no channels', patched(2, 0), /channels and a rate above 0, got 0 and 8000 Hz/],
    ['frames of a wrong size', patched(12, 3), /frames of 2 bytes \(1 x 16 bits\), got 3/],
    ['NaN', wav([0, Number.NaN], { bits: 32, format: 3 }), /channel 1, frame 2: expected a number, got NaN/],
  ])('%s is one line that says what to do', (_, bytes, message) => {
    expect(() => readWav(bytes, 'x.wav')).toThrow(message);
    expect(expectValueOrLine(() => readWav(bytes, 'x.wav'), 'x.wav')).toBe('line');
  });

  it('damaged files give samples or one line, and never more samples than they have bytes', () => {
    const good = riff([
      { id: 'LIST', bytes: Buffer.from('odd') },
      formatChunk({ bits: 24, channels: 2, extensible: true }),
      dataChunk([1, 2, 3, 4, 5, 6], { bits: 24 }),
    ]);
    const outcomes = { value: 0, line: 0 };
    for (const bytes of damaged(good, 3000)) {
      outcomes[expectValueOrLine(() => readAll(bytes), 'x.wav')]++;
    }
    expect(outcomes.value).toBeGreaterThan(100);
    expect(outcomes.line).toBeGreaterThan(100);
    function readAll(bytes: Uint8Array) {
      const { channels } = readWav(bytes, 'x.wav');
      expect(channels.reduce((sum, channel) => sum + channel.length, 0)).toBeLessThanOrEqual(bytes.length);
    }
  });
});

describe('real recordings', () => {
  const folder = join(dataRoot(), 'speech-commands');
  const words = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const files = words.filter((name) => name.endsWith('.wav'));

  it.skipIf(files.length === 0)('of Speech Commands are 16 kHz, 16 bits, one channel of a second at most', () => {
    for (const name of files) {
      const read = readWav(readFileSync(join(folder, name)), name);
      expect(read).toMatchObject({ rate: 16000, bits: 16, encoding: 'integer' });
      expect(read.channels).toHaveLength(1);
      expect(read.frames).toBeLessThanOrEqual(16000);
      expect(
        read.channels[0]!.some((sample) => Math.abs(sample) > 0.001),
        name,
      ).toBe(true);
    }
  });
});
