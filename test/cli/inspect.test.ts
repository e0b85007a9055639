/** htpw inspect: what it says of inputs and outputs, and of metadata that is not as it should be. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import type { Metadata } from '../../host/model/model.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { emptyFolder } from '../paths.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { ModelBuilder } from '../zoo.ts';
import { htpw, ONE_LINE } from './command.ts';

async function inspected(image: Uint8Array, ...options: string[]): Promise<string> {
  const path = join(emptyFolder('inspect'), 'image.htpw');
  writeFileSync(path, image);
  const { code, out, error } = await htpw('inspect', path, ...options);
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return out;
}

function withMetadata(metadata: unknown): Uint8Array {
  const model = new ModelBuilder(1, [1, 4, 2]).fullyConnected(3).build();
  model.metadata = metadata as Metadata;
  return pack(model);
}

describe('htpw inspect', () => {
  it('has every port of every program in its JSON, as the Runtime has', async () => {
    const image = packTogether(shapeRows(1).slice(0, 10));
    const { programs } = JSON.parse(await inspected(image, '--json'));
    const runtime = new Runtime(image);
    expect(programs.map(({ inputs, outputs }: { inputs: unknown; outputs: unknown }) => ({ inputs, outputs }))).toEqual(
      Array.from({ length: runtime.programs }, (_, p) => runtime.portsOf(p)),
    );
  });

  it('prints shape, type, scale, zero point and labels of each', async () => {
    const image = withMetadata({ name: 'three', labels: ['a', 'b', 'c'] });
    const { inputs, outputs } = new Runtime(image);
    const text = await inspected(image);
    expect(text).toMatch(new RegExp(`input +1x4x2 int8 +scale [\\d.]+ +zero point ${inputs[0].zeroPoint}\n`));
    const [, scale] = /output +1x1x3 int8 +scale ([\d.]+) +zero point -?\d+ +labels a, b, c\n/.exec(text)!;
    expect(Math.fround(Number(scale))).toBe(outputs[0].scale);
  });

  const nested = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  it.each([
    ['null', null, 'expected a JSON object, got another value'],
    ['a list', [], 'expected a JSON object, got another value'],
    ['a number', 7, 'expected a JSON object, got another value'],
    ['nested too deep', nested(500), 'expected at most 64 levels'],
  ])('shows an image whose metadata is %s, and says so', async (_, metadata, says) => {
    const image = withMetadata(metadata);
    expect(await inspected(image)).toMatch(
      new RegExp(`\nmetadata at offset \\d+: ${says}; pack it again\n\nprogram 0:`),
    );
    expect(JSON.parse(await inspected(image, '--json')).metadataError).toContain(says);
    expect(new Runtime(image).load().outputs[0].labels).toBeNull();
  });

  it.each<[what: string, begins: Uint8Array, says: string]>([
    ['an image', withMetadata({}), 'expected an image of at most 268,435,456 bytes, got 1,099,511,627,776'],
    ['a model', Buffer.from('\x1c\0\0\0TFL3', 'latin1'), 'this is a .tflite model; import it first'],
  ])('refuses what is larger than any image by its beginning, where that is %s', async (_, begins, says) => {
    const path = join(emptyFolder('inspect'), 'large.htpw');
    writeFileSync(path, begins);
    truncateSync(path, 2 ** 40); // a hole, which takes no room; nobody can read so much
    const { code, error } = await htpw('inspect', path);
    rmSync(path);
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain(says);
    expect(code).toBe(2);
  });

  it('prints no control character out of an image', async () => {
    const evil = '\u001b[31m\u0007\nsum = file';
    const text = await inspected(withMetadata({ name: evil, labels: [evil, evil, '\u202e'] }));
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(text).toContain('\\u{1b}[31m\\u{7}\\u{a}sum = file: arena');
  });
});
