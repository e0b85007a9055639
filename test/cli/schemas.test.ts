/** What --json prints is what docs/schemas/ says, of images that no schema was written from. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EvidenceRecord } from '../../host/evidence/record.ts';
import { importImage } from '../../host/import/import.ts';
import { recordedBoards } from '../../host/measure/benchmarks.ts';
import { readRecord } from '../../host/measure/records.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { bytesOf } from '../../host/task/inputs.ts';
import { resultOf } from '../../host/verbs/results.ts';
import { folderWith, toneFiles } from '../data/own/folders.ts';
import { FIXTURES } from '../import/fixtures.ts';
import { tflite } from '../import/tflite.ts';
import { fileOf, folderOf } from '../inputs/files.ts';
import { imageFile, inputsFile } from '../report/images.ts';
import { BOTH } from '../sweep/grids.ts';
import { htpw } from './command.ts';
import { SCHEMAS, schemaFaults, schemaOf } from './schemaFaults.ts';

const schemas = readdirSync(SCHEMAS).map((name) => name.replace(/\.json$/, ''));
const ECG = 'models/ecg-beats.htpw';

/** A command line of each verb; several where the output has several forms. Boards and joint training are ELSEWHERE. */
const LINES: Record<string, (() => string[])[]> = {
  boards: [() => []],
  build: [() => ['--tailor', ECG, '-o', join(folderOf({}), 'c')]],
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
  golden: [() => [goldenOf(Object.values(FIXTURES)[1]!.file), '--boards', 'none']],
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

/** A verb -> the test that holds what it prints to its schema, where it runs anyway and a line here would be dear. */
const ELSEWHERE: Record<string, string> = {
  add: 'cli/programs',
  build: 'agent/verify',
  card: 'card/made',
  golden: 'import/goldenVerb',
  pack: 'cli/programs',
  train: 'cli/programs',
  verify: 'agent/verify',
  worker: 'sweep/queue',
};

/** Verbs that write records of the project, which no test may: held by what is recorded. */
const RECORDED = ['bench', 'results'];

/** A folder of recorded answers: those of this file here, to inputs of zeros. */
function goldenOf(file: Parameters<typeof tflite>[0]): string {
  const model = tflite(file);
  const runtime = new Runtime(importImage(model, 'x').image).load();
  const input = new Uint8Array(bytesOf(runtime.inputs));
  const output = runtime.run(input);
  const record = {
    model: 'x.tflite',
    input_stream_sha256: createHash('sha256').update(input).digest('hex'),
    count: 1,
    output_bytes_per_sample: output.length,
  };
  const set = { 'golden.json': JSON.stringify(record), 'input.bin': input, 'output.bin': output };
  const named = Object.entries(set).map(([name, content]) => [`golden/x/${name}`, content]);
  return join(folderOf({ 'x.tflite': model, ...Object.fromEntries(named) }), 'golden');
}

describe('the output of --json', () => {
  it.each(Object.entries(LINES).flatMap(([verb, lines]) => lines.map((line, i) => [verb, i, line] as const)))(
    'of htpw %s (line %i) fits its schema',
    async (verb, _, line) => {
      const { code, out, error } = await htpw(verb, ...line(), '--json');
      expect({ code, error: code === 0 ? '' : error }).toEqual({ code: 0, error: '' });
      expect(schemaFaults(verb, out)).toEqual([]);
    },
  );

  it.each([
    'cycles',
    'deploy',
    'float',
    'imported',
    'join',
    'plain',
    'prune',
    'reliability',
    'route',
    'slices',
    'train',
  ])('of htpw bench, which is the record bench/%s.json, fits its schema', (name) => {
    expect(schemaFaults('bench', readRecord<object>(name))).toEqual([]);
  });

  it.each(recordedBoards())('of htpw bench --board %s, whose record has a commit besides, fits its schema', (name) => {
    const { commit, ...figures } = readRecord<{ commit: string }>(name);
    expect(schemaFaults('bench', [figures])).toEqual([]);
  });

  it('of htpw results fits its schema', () => {
    const evidence = readRecord<EvidenceRecord>('evidence');
    expect(schemaFaults('results', resultOf(evidence, ['docs/results.md'], 'build/results.html'))).toEqual([]);
  });

  it('has a schema of every verb, to which a test holds it', async () => {
    const { verbs } = JSON.parse((await htpw('completion', 'bash', '--json')).out);
    const names: string[] = verbs.map(({ name }: { name: string }) => name);
    expect(schemas.toSorted()).toEqual(names.toSorted());
    const held = new Set([...Object.keys(LINES), ...Object.keys(ELSEWHERE), ...RECORDED]);
    expect([...held].toSorted()).toEqual(names.toSorted());
    for (const [verb, file] of Object.entries(ELSEWHERE))
      expect(readFileSync(join('test', `${file}.test.ts`), 'utf8')).toContain(`schemaFaults('${verb}'`);
  });

  it.each(schemas)('of htpw %s may have no field that the schema does not name', (name) => {
    const schema = schemaOf(name);
    for (const form of schema.anyOf ?? [schema])
      expect(form.additionalProperties ?? form.items?.additionalProperties).toBe(false);
  });
});
