/**
 * WAV recordings (RIFF/WAVE, Microsoft and IBM 1991, with the extensible format of 1999): PCM of 8, 16, 24 and 32 bits
 * and floating point of 32 and 64, any rate, any number of channels. Chunks may come in any order, and the sizes that a
 * program wrote before it knew them may be wrong.
 */
import { ByteReader, fault } from './fault.ts';

export interface Wav {
  /** frames a second */
  rate: number;
  /** of a sample in the file */
  bits: number;
  encoding: 'integer' | 'float';
  frames: number;
  /**
   * One array a channel, full scale 1: an integer of b bits divided by 2^(b - 1), exact up to 24 bits and rounded to 24
   * for 32. Floating point comes as it is, and may go beyond 1.
   */
  channels: Float32Array[];
}

/** Bytes of samples that no program writes into one file on purpose: they stand for "not known yet". */
const LEAST_UNKNOWN = 0x7ff00000;

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** What follows the two bytes of the format in the GUID of a subformat. */
const SUBFORMAT_TAIL = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

const COMPRESSED: Record<number, string> = {
  2: 'Microsoft ADPCM',
  6: 'A-law',
  7: 'mu-law',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG audio',
  85: 'MP3',
};

/** All channels of a recording. Throws UsageError, one line, for what is none or is damaged. */
export function readWav(bytes: Uint8Array, file: string): Wav {
  const reader = new ByteReader(file, bytes);
  refuseOthers(reader);
  const { format, data } = chunksOf(reader);
  if (!format)
    throw fault(file, 'chunk "fmt ": expected one that says what the samples are, got none; record it again');
  if (!data) throw fault(file, 'chunk "data": expected one with samples, got none; record it again');
  const layout = layoutOf(reader, format);
  return { ...layout, ...samplesOf(file, bytes.subarray(data.at, data.at + data.length), data.isOpen, layout) };
}

/** One channel out of several. */
export function monoOf({ channels }: Pick<Wav, 'channels'>, which: 'first' | 'mean' = 'first'): Float32Array {
  const [first] = channels as [Float32Array];
  if (which === 'first' || channels.length === 1) return first;
  return first.map((_, i) => channels.reduce((sum, channel) => sum + channel[i]!, 0) / channels.length);
}

function refuseOthers(reader: ByteReader): void {
  const { file, length } = reader;
  if (length === 0) throw fault(file, 'the file is empty; expected a WAV recording');
  const magic = reader.latin1(0, Math.min(4, length), 'magic');
  if (magic === 'RF64' || magic === 'BW64')
    throw fault(file, `this is ${magic}, WAV for more than 4 GiB; expected RIFF: cut it into shorter recordings`);
  if (magic === 'RIFX')
    throw fault(file, 'this is RIFX, big-endian WAV; expected RIFF: convert it, for example with sox');
  if (magic !== 'RIFF' || reader.latin1(8, 4, 'header') !== 'WAVE')
    throw fault(file, 'expected a WAV recording (RIFF and WAVE in its first 12 bytes), got another kind; convert it');
}

/** Where the bytes of a chunk lie, in the file. */
interface Chunk {
  at: number;
  length: number;
  /** the file does not say how long it is */
  isOpen: boolean;
}

interface Chunks {
  format?: Chunk;
  data?: Chunk;
}

/** The first chunk of either kind. Chunks begin at even places; other kinds are passed over. */
function chunksOf(reader: ByteReader): Chunks {
  const found: Chunks = {};
  for (let at = 12; at + 8 <= reader.length && !(found.format && found.data); ) {
    const id = reader.latin1(at, 4, 'chunk');
    const size = reader.u32(at + 4, `size of chunk "${id}"`);
    const start = at + 8;
    if (id === 'fmt ') found.format ??= { at: start, length: size, isOpen: false };
    if (id === 'data' && !found.data) {
      found.data = dataChunk(reader, start, size);
      if (found.data.isOpen) break;
    }
    at = start + size + (size & 1);
  }
  return found;
}

/**
 * Samples from `start` on. A program that streams writes 0 or a huge number for the size of what it has not recorded
 * yet, and its samples go on to the end of the file.
 */
function dataChunk(reader: ByteReader, start: number, size: number): Chunk {
  const left = reader.length - start;
  if (size > left && size >= LEAST_UNKNOWN) return { at: start, length: left, isOpen: true };
  if (size === 0 && !chunksFollow(reader, start)) return { at: start, length: left, isOpen: true };
  if (size > left)
    throw fault(
      reader.file,
      `chunk "data": expected ${size} bytes of samples, got ${left}; the file is cut short, fetch or record it again`,
    );
  return { at: start, length: size, isOpen: false };
}

/** Whether whole chunks lead from here to the end of the file. */
function chunksFollow(reader: ByteReader, start: number): boolean {
  let at = start;
  while (at + 8 <= reader.length) {
    const size = reader.u32(at + 4, 'size of a chunk');
    at += 8 + size + (size & 1);
  }
  return at === reader.length || at === reader.length + 1;
}

type Layout = Pick<Wav, 'rate' | 'bits' | 'encoding'> & { count: number };

/** What a frame is made of. Throws for what is compressed, and for numbers that do not agree. */
function layoutOf(reader: ByteReader, { at, length }: Chunk): Layout {
  const { file } = reader;
  if (length < 16) throw fault(file, `chunk "fmt ": expected 16 bytes or more, got ${length}; convert it again`);
  reader.slice(at, Math.min(length, 40), 'chunk "fmt "');
  const u16 = (offset: number) => reader.u16(at + offset, 'chunk "fmt "');
  const [tag, count, align, bits] = [u16(0), u16(2), u16(12), u16(14)];
  const rate = reader.u32(at + 4, 'chunk "fmt "');
  const format = tag === EXTENSIBLE ? subformat(reader, at, length) : tag;
  const name = COMPRESSED[format] ?? `format ${format}`;
  const known = format === PCM ? [8, 16, 24, 32] : format === FLOAT ? [32, 64] : null;
  if (!known) throw fault(file, `samples: expected PCM or floating point, got ${name}; convert it to 16-bit PCM`);
  const kind = format === PCM ? 'PCM' : 'floating point';
  if (!known.includes(bits))
    throw fault(file, `samples: expected ${kind} of ${known.join(', ')} bits, got ${bits}; convert it to 16-bit PCM`);
  if (count === 0 || rate === 0)
    throw fault(file, `expected channels and a rate above 0, got ${count} and ${rate} Hz; record it again`);
  if (align !== (count * bits) / 8)
    throw fault(
      file,
      `expected frames of ${(count * bits) / 8} bytes (${count} x ${bits} bits), got ${align}; convert it again`,
    );
  return { rate, bits, encoding: format === PCM ? 'integer' : 'float', count };
}

/** The format behind EXTENSIBLE. */
function subformat(reader: ByteReader, at: number, length: number): number {
  const isWhole = length >= 40;
  const guid = isWhole ? reader.slice(at + 24, 16, 'subformat') : new Uint8Array();
  if (!isWhole || SUBFORMAT_TAIL.some((byte, i) => guid[i + 2] !== byte))
    throw fault(
      reader.file,
      'samples: expected PCM or floating point, got an unknown subformat; convert it to 16-bit PCM',
    );
  return guid[0]! + 256 * guid[1]!;
}

/** Deinterleaved. `isOpen` allows for a last frame that is not whole, where a stream was cut. */
function samplesOf(
  file: string,
  bytes: Uint8Array,
  isOpen: boolean,
  { count, bits, encoding }: Layout,
): Pick<Wav, 'frames' | 'channels'> {
  const size = bits / 8;
  const frames = Math.floor(bytes.length / (count * size));
  if (frames === 0) throw fault(file, 'chunk "data": expected samples, got none; remove the file or record it again');
  if (!isOpen && frames * count * size !== bytes.length)
    throw fault(
      file,
      `chunk "data": expected whole frames of ${count * size} bytes, got ${bytes.length} bytes; convert it again`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = encoding === 'float' ? floats[size as 4 | 8] : integers[size as 1 | 2 | 3 | 4];
  const channels = Array.from({ length: count }, (_, channel) => {
    const samples = new Float32Array(frames);
    for (let i = 0; i < frames; i++) samples[i] = read(view, (i * count + channel) * size);
    return samples;
  });
  for (const [channel, samples] of channels.entries()) {
    const at = encoding === 'float' ? samples.findIndex((sample) => !Number.isFinite(sample)) : -1;
    if (at >= 0)
      throw fault(
        file,
        `channel ${channel + 1}, frame ${at + 1}: expected a number, got ${samples[at]}; ` +
          'mend the recording or leave it out',
      );
  }
  return { frames, channels };
}

/** By bytes; those of one are unsigned. */
const integers = {
  1: (view: DataView, at: number) => (view.getUint8(at) - 2 ** 7) / 2 ** 7,
  2: (view: DataView, at: number) => view.getInt16(at, true) / 2 ** 15,
  3: (view: DataView, at: number) => (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23,
  4: (view: DataView, at: number) => view.getInt32(at, true) / 2 ** 31,
};

const floats = {
  4: (view: DataView, at: number) => view.getFloat32(at, true),
  8: (view: DataView, at: number) => view.getFloat64(at, true),
};
