/** Kinds of operators where more than one place states them: device, host and docs/operators.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as format from '../../assembly/format.ts';
import { pack } from '../../host/image/pack.ts';
import { OPERATORS as IMPORTED } from '../../host/import/operators.ts';
import { OPCODES } from '../../host/import/schema.ts';
import { OPERATORS, plainKind } from '../../host/operators/registry.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { WRONG_PARAMETERS } from '../operatorTests.ts';
import { shapeRows } from '../shapes.ts';

/** "signedAdd" as the device names it: SIGNED_ADD. */
const constantOf = (kind: string) => kind.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** u32 constants of the device's operators and of the format. */
const folder = 'assembly/operators';
const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
const device: Record<string, number> = Object.fromEntries([
  ...Object.entries(format),
  ...sources.flatMap((text) =>
    [...text.matchAll(/^export const (\w+): u32 = (\d+);/gm)].map(([, name, value]) => [name, Number(value)]),
  ),
]);

describe('the device states of', () => {
  it.each(Object.entries(OPERATORS))('%s the code and the number of parameters that the host does', (kind, known) => {
    const words = 'parameters' in known ? known.parameters?.words : undefined;
    const name = constantOf(kind);
    expect([device[name], device[`${name}_PARAMETERS`]]).toEqual([known.code, words]);
  });
});

const rows = shapeRows();
const rowsOf = (kind: string) => rows.filter(({ model }) => model.programs[0].operators[0].kind === kind);

it.each(Object.entries(OPERATORS))('%s writes as many parameters as it says', (kind, known) => {
  for (const { model } of rowsOf(kind)) {
    const [{ operators, tensors }] = model.programs;
    if ('source' in operators[0]) continue;
    const words = 'parameters' in known ? (known.parameters?.words ?? 0) : 0;
    const encoded = plainKind(operators[0]).encode(operators[0], tensors);
    if ('parameters' in known && known.parameters?.behind) expect(encoded.length).toBeGreaterThan(words);
    else expect(encoded).toHaveLength(words);
  }
});

const WRONG = Object.entries(WRONG_PARAMETERS).flatMap(([kind, all]) =>
  all.map(([what, word, value]) => ({ kind, what, word, value })),
);
it.each(WRONG)('open refuses of $kind $what', ({ kind, word, value }) => {
  const image = pack(rowsOf(kind)[0].model);
  const view = new ImageView(image);
  const [{ at, table }] = view.programs[0].operators;
  expect(() => new Runtime(image)).not.toThrow();
  new DataView(image.buffer).setInt32(view.section(format.SECTION_TABLES).offset + table + 4 * word, value, true);
  new DataView(image.buffer).setUint32(format.HEADER_CRC_AT, crc32(image.subarray(format.HEADER_BYTES)), true);
  try {
    new Runtime(image);
    expect.unreachable('open accepted the image');
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    expect([statusName(error.status), error.offset]).toEqual(['BAD_TABLE', at]);
  }
});

const WITH_PARAMETERS = Object.entries(OPERATORS).flatMap(([kind, known]) =>
  'parameters' in known && known.parameters ? [{ kind, words: known.parameters.words }] : [],
);
it.each(WITH_PARAMETERS)('open refuses parameters of $kind that end a word behind their section', ({ kind, words }) => {
  const image = pack(rowsOf(kind)[0].model);
  const view = new ImageView(image);
  const [{ at }] = view.programs[0].operators;
  const bytes = new DataView(image.buffer);
  bytes.setUint32(at + format.OPERATOR_TABLE_AT, view.section(format.SECTION_TABLES).size - 4 * (words - 1), true);
  bytes.setUint32(format.HEADER_CRC_AT, crc32(image.subarray(format.HEADER_BYTES)), true);
  let status = 0;
  try {
    new Runtime(image);
  } catch (error) {
    status = (error as StatusError).status;
  }
  expect(statusName(status)).toBe('BAD_TABLE');
});

describe('docs/operators.md', () => {
  it('names operators of .tflite files that the schema has', () => {
    expect(Object.keys(IMPORTED).filter((opcode) => !OPCODES.includes(opcode))).toEqual([]);
  });
});
