/**
 * Metadata that is not as it should be, in images that `open` accepts: shown, passed over, or refused with the file.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import { pack } from '../../host/image/pack.ts';
import type { Metadata } from '../../host/model/model.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { ModelBuilder } from '../zoo.ts';
import { htpw, ONE_LINE } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'metadata-'));
const output = join(folder, 'output');
writeFileSync(join(folder, 'input'), new Uint8Array(8));

function withMetadata(metadata: unknown): Uint8Array {
  const model = new ModelBuilder(1, [1, 4, 2]).fullyConnected(3).build();
  model.metadata = metadata as Metadata;
  return pack(model);
}

/** A list in a list, so many levels deep, put where a name of that length was. */
function deep(levels: number): Uint8Array {
  const image = withMetadata({ name: 'x'.repeat(2 * levels) });
  const { offset, size } = new ImageView(image).section(F.SECTION_METADATA);
  const text = `${'['.repeat(levels)}${']'.repeat(levels)}`.padEnd(size);
  image.set(new TextEncoder().encode(text), offset);
  return withCrc(image);
}

function withCrc(image: Uint8Array): Uint8Array {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  view.setUint32(F.HEADER_CRC_AT, crc32(image.subarray(F.HEADER_BYTES)), true);
  return image;
}

/** Its last section, the trailer, with nothing in it. */
function withoutTrailer(): Uint8Array {
  const whole = withMetadata({ name: 'x' });
  const view = new ImageView(whole);
  const { offset } = view.section(F.SECTION_TRAILER);
  const image = whole.slice(0, offset);
  const fields = new DataView(image.buffer);
  fields.setUint32(F.HEADER_TOTAL_AT, offset, true);
  fields.setUint32(F.HEADER_BYTES + (view.sections.length - 1) * F.SECTION_BYTES + F.SECTION_SIZE_AT, 0, true);
  return withCrc(image);
}

const ESCAPES = 'E\u001b]0;title\u0007\u001b[31m\u009b2J\r\u202e */ \n"';
const IMAGES: Record<string, Uint8Array> = {
  null: withMetadata(null),
  'a number': withMetadata(5),
  'a list': withMetadata(['a']),
  'a list in lists': deep(5000),
  'escape sequences': withMetadata({ name: ESCAPES, task: ESCAPES, dataset: ESCAPES, labels: [ESCAPES, 'b', 'c'] }),
  'other types': withMetadata({ name: 5, task: {}, dataset: [], labels: 'N', sampleRate: 'fast' }),
  'no trailer': withoutTrailer(),
};

const CONFIG = 'models/configs/ecg-beats-int8.json';
const VERBS: [string, (image: string) => string[]][] = [
  ['inspect', (image) => ['inspect', image]],
  ['inspect --json', (image) => ['inspect', image, '--json']],
  ['inspect --hex', (image) => ['inspect', image, '--hex']],
  ['run', (image) => ['run', image, '--input', join(folder, 'input'), '--output', output]],
  ['plan --timeline', (image) => ['plan', image, '--timeline', `${output}.svg`]],
  ['plan --residency', (image) => ['plan', image, '--residency', 'stream', '-o', output]],
  ['compress', (image) => ['compress', image, '--method', 'int4', '-o', output]],
  ['join', (image) => ['join', image, '-o', output]],
  ['eval', (image) => ['eval', image, '--data', 'synthetic']],
  ['card', (image) => ['card', image, '--config', CONFIG, '--data', 'synthetic', '-o', output]],
  ['clib', (image) => ['clib', '--tailor', image, '-o', join(folder, 'library')]],
];

describe.each(Object.keys(IMAGES))('an image whose metadata has %s', (kind) => {
  const path = join(folder, `${kind}.htpw`);
  writeFileSync(path, IMAGES[kind]);

  it.each(VERBS)('is shown, used or refused by name, without a control character: %s', async (_, words) => {
    const { code, out, error } = await htpw(...words(path));
    expect(out + error).not.toMatch(/[^\P{C}\n]/u);
    expect([0, 2]).toContain(code);
    if (code === 2) expect(error).toMatch(ONE_LINE);
    if (code === 2) expect(error).toContain(`${kind}.htpw: `);
  });
});
