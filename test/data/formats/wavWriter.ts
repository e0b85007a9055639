/** WAV files for tests, chunk by chunk, so that each can be left out, put elsewhere, or lie about its size. */

export interface Chunk {
  id: string;
  bytes: Uint8Array;
  /** in place of the true one */
  size?: number;
}

export interface Shape {
  rate?: number;
  channels?: number;
  bits?: number;
  /** 1 PCM, 3 floating point */
  format?: number;
  extensible?: boolean;
}

const GUID_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');

export function formatChunk({ rate = 8000, channels = 1, bits = 16, format = 1, extensible = false }: Shape): Chunk {
  const bytes = Buffer.alloc(extensible ? 40 : 16);
  bytes.writeUInt16LE(extensible ? 0xfffe : format, 0);
  bytes.writeUInt16LE(channels, 2);
  bytes.writeUInt32LE(rate, 4);
  bytes.writeUInt32LE((rate * channels * bits) / 8, 8);
  bytes.writeUInt16LE((channels * bits) / 8, 12);
  bytes.writeUInt16LE(bits, 14);
  if (extensible) {
    bytes.writeUInt16LE(22, 16);
    bytes.writeUInt16LE(bits, 18);
    bytes.writeUInt16LE(format, 24);
    GUID_TAIL.copy(bytes, 26);
  }
  return { id: 'fmt ', bytes };
}

/** Interleaved samples, each as the integer (or float) that stands in the file. */
export function dataChunk(samples: ArrayLike<number>, { bits = 16, format = 1 }: Shape = {}): Chunk {
  const size = bits / 8;
  const bytes = Buffer.alloc(samples.length * size);
  Array.from(samples).forEach((sample, i) => {
    if (format === 3 && size === 4) bytes.writeFloatLE(sample, i * size);
    else if (format === 3) bytes.writeDoubleLE(sample, i * size);
    else if (size === 1) bytes.writeUInt8(sample + 128, i);
    else bytes.writeIntLE(sample, i * size, size);
  });
  return { id: 'data', bytes };
}

export function riff(chunks: readonly Chunk[], { size, id = 'RIFF' }: { size?: number; id?: string } = {}): Buffer {
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    ...chunks.flatMap((chunk) => {
      const head = Buffer.alloc(8);
      head.write(chunk.id, 'latin1');
      head.writeUInt32LE(chunk.size ?? chunk.bytes.length, 4);
      return [head, chunk.bytes, Buffer.alloc(chunk.bytes.length & 1)];
    }),
  ]);
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(size ?? body.length, 4);
  return Buffer.concat([head, body]);
}

export const wav = (samples: ArrayLike<number>, shape: Shape = {}): Buffer =>
  riff([formatChunk(shape), dataChunk(samples, shape)]);
