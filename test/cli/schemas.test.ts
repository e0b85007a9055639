/** What --json prints is what docs/schemas/ says, of images that no schema was written from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderWith, toneFiles } from '../data/own/folders.ts';
import { FIXTURES } from '../import/fixtures.ts';
import { tflite } from '../import/tflite.ts';
import { fileOf, folderOf } from '../inputs/files.ts';
import { imageFile, inputsFile } from '../report/images.ts';
import { BOTH } from '../sweep/grids.ts';
import { htpw } from './command.ts';

const FOLDER = 'docs/schemas';
const schemas = readdirSync(FOLDER).map((name) => name.replace(/\.json$/, ''));
const ECG = 'models/ecg-beats.htpw';
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });

/** Verbs whose output no schema describes yet: they train, need a board, or write records of the project. */
const WITHOUT = ['add', 'bench', 'build', 'card', 'golden', 'pack', 'results', 'train', 'verify', 'worker'];

const compiled = new Map<string, ValidateFunction>();
beforeAll(() => {
  for (const name of schemas)
    compiled.set(name, ajv.compile(JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'))));
});

/** A command line of each verb that has a schema; several where the output has several forms. */
const LINES: Record<string, (() => string[])[]> = {
  boards: [() => []],
  clib: [() => ['--tailor', ECG, '--as', 'esp-idf', '-o', join(folderOf({}), 'c')]],
  compare: [() => ['bench/sweeps/four-tasks', 'taught.learned', 'single.int4']],
  completion: [() => ['zsh']],
  compress: [
    () => [imageFile(), '--method', 'int4', '-o', join(folderOf({}), 'x.htpw'), '--calibration', inputsFile().data],
  ],
  data: [() => ['list']],
  eval: [
    () => {
      const { data, labels } = inputsFile();
      const image = imageFile();
      return [image, '--data', data, '--labels', labels, '--compare', image];
    },
    () => [ECG, '--data', 'synthetic'],
  ],
  import: [() => [fileOf('x.tflite', tflite(Object.values(FIXTURES)[1]!.file)), '-o', join(folderOf({}), 'x.htpw')]],
  inspect: [() => [imageFile()], () => [ECG]],
  join: [() => [`a=${ECG}`, `b=${imageFile()}`, '-o', join(folderOf({}), 'x.htpw')]],
  new: [() => ['tones', '--from', folderWith(toneFiles()), '-o', folderOf({})]],
  pages: [() => ['--check', 'docs/operators.md']],
  plan: [() => [imageFile(), '--timeline']],
  prune: [() => ['models/join/uci-har-int8.htpw', '--table']],
  report: [() => [imageFile(), '--quick', '-o', join(folderOf({}), 'x.html')]],
  run: [() => [imageFile(), '--input', inputsFile().data]],
  search: [
    () => {
      const config = fileOf('both.json', JSON.stringify({ ...BOTH, epochs: 1 }));
      const [folder, image] = [folderOf({}), join(folderOf({}), 'x.htpw')];
      const tried = ['--candidates', '1', '--budget', '3kB', '--folder', folder];
      return ['--config', config, '--task', 'synthetic-motion', ...tried, '-o', image];
    },
  ],
  slice: [
    () => ['models/papers/route-uci-har.htpw', '--strips', '2'],
    () => ['models/papers/route-uci-har.htpw', '--strips', '2', '-o', join(folderOf({}), 'x.htpw')],
  ],
  sweep: [
    () => ['models/sweeps/repeat.json', '--list'],
    () => ['models/sweeps/repeat.json', '--images', folderOf({})], // all of it is recorded
  ],
  zoo: [() => ['--list'], () => ['models/sweeps/four-tasks.json', '--list']],
};

describe('the output of --json', () => {
  it.each(Object.entries(LINES).flatMap(([verb, lines]) => lines.map((line, i) => [verb, i, line] as const)))(
    'of htpw %s (line %i) fits its schema',
    async (verb, _, line) => {
      const { code, out, error } = await htpw(verb, ...line(), '--json');
      expect({ code, error: code === 0 ? '' : error }).toEqual({ code: 0, error: '' });
      const validate = compiled.get(verb)!;
      validate(JSON.parse(out));
      expect(validate.errors ?? []).toEqual([]);
    },
  );

  it('has a schema, or is on the list of those that have none yet, of every verb', async () => {
    const { verbs } = JSON.parse((await htpw('completion', 'bash', '--json')).out);
    const names: string[] = verbs.map(({ name }: { name: string }) => name);
    expect([...schemas, ...WITHOUT].sort()).toEqual(names.sort());
    expect(Object.keys(LINES).sort()).toEqual(schemas.sort());
    expect(schemas.filter((name) => WITHOUT.includes(name))).toEqual([]);
  });

  it.each(schemas)('of htpw %s may have no field that the schema does not name', (name) => {
    const schema = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
    for (const form of schema.anyOf ?? [schema])
      expect(form.additionalProperties ?? form.items.additionalProperties).toBe(false);
  });
});
