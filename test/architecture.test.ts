/**
 * Which folder may import which: arrows point down, from verbs to stages, to the model and the format, and files never
 * make a circle. Imports of types count as well: to read a file is to read what it names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const files = ['host', 'assembly']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)))
  .filter((path) => path.endsWith('.ts'))
  .sort();
const named = new Map(files.map((file) => [file, namesOf(file)]));
const imports = new Map(files.map((file) => [file, projectFiles(file)]));

/** What a file imports or exports again, statically or not, as it says it. */
function namesOf(file: string): string[] {
  return ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map(({ fileName }) => fileName);
}

/** Those of them that are files of the project. */
function projectFiles(file: string): string[] {
  const names = named.get(file)!.filter((name) => name.startsWith('.'));
  const paths = names.map((name) => join(dirname(file), name));
  return [...new Set(paths.map((path) => (path.endsWith('.ts') ? path : `${path}.ts`)))]; // AssemblyScript has no .ts
}

/** Groups of files that reach each other (Tarjan 1972: strongly connected components). */
function circles(): string[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    path.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (path.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const circle = path.splice(path.indexOf(file)).sort();
    if (circle.length > 1 || imports.get(file)?.includes(file)) found.push(circle.join(' <-> '));
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found.sort();
}

/**
 * The map of the house: what each folder of host/ imports of others, lowest first; `assembly` stands for its constants.
 * A new arrow is a decision and belongs here; one that is gone has to leave. What is not here, verbs and the files of
 * host/ itself, may import everything.
 */
const MAP: Record<string, string> = {
  assembly: '',
  arithmetic: 'assembly',
  model: '',
  records: 'arithmetic assembly model',
  operators: 'arithmetic assembly model records',
  sources: 'arithmetic assembly model records',
  layout: 'assembly operators records sources',
  image: 'arithmetic assembly layout model operators records sources',
  reference: 'arithmetic model operators sources',
  system: 'assembly',
  data: 'records system',
  runtime: 'assembly records system',
  boards: 'runtime system',
  build: 'assembly boards image operators records runtime sources system',
  agent: 'boards build records system',
  compress: 'arithmetic assembly image model records runtime sources system',
  join: 'compress image model records sources system',
  residency: 'agent assembly boards build image layout model operators records runtime',
  drawing: 'layout residency system',
  task: 'assembly data image model operators runtime system',
  inputs: 'compress data runtime system',
  evaluate: 'data operators records runtime system task',
  transform: 'arithmetic assembly image model operators records',
  strips: 'assembly image layout model operators records',
  import: 'arithmetic assembly image model operators records system transform',
  float: 'arithmetic assembly compress data image import model operators runtime system transform',
  onnx: 'data float import model system',
  inspect: 'assembly image import model operators records runtime sources',
  train: 'arithmetic compress data image import model records runtime sources system task',
  card: 'data drawing evaluate image records runtime sources system task train',
  sweep: 'data evaluate image inspect records runtime system task train',
  evidence: 'data evaluate sweep train',
  search: 'card drawing evaluate image sweep system task train',
  prune: 'data drawing evaluate image import model records runtime system task train transform',
  report:
    'assembly boards build drawing evaluate image inspect layout model operators records residency sources system',
  measure:
    'agent boards build compress data drawing evaluate float image import join model prune records residency runtime sources strips sweep system task train',
  reliability: 'agent assembly boards build image measure model records runtime sources system task',
  pages:
    'assembly boards build drawing evaluate evidence image import measure model operators prune records reliability sources system',
};

/** Packages and parts of Node that only some files may import. */
const ONLY_IN: [what: string, imported: RegExp, files: RegExp][] = [
  [
    'parts of Node',
    /^node:/,
    /^host\/(agent|boards|build|card|data|inputs|measure|pages|reliability|sweep|system|task|train|verbs|cli)\b/,
  ],
  ['processes', /^node:child_process$/, /^host\/(agent|system)\//],
  ['the training library', /^@jax-js\//, /^host\/train\//],
  ['the command line', /^(commander|cli-progress|picocolors)$/, /^host\/(verbs\/|cli\.ts)/],
  ['the queue', /^(bullmq|ioredis)$/, /^host\/sweep\/queue\.ts$/],
  ['FlatBuffers', /^flatbuffers$/, /^host\/import\//],
  ['protocol buffers', /^protobufjs\b/, /^host\/onnx\//],
  ['tables of text', /^csv-parse\b/, /^host\/data\//],
  ['plots', /^d3-/, /^host\/report\//],
  ['pictures', /^(pngjs|jpeg-js)$/, /^host\/inputs\//],
];

/** The part of the runtime that reads files; the others run in browsers. */
const NODE_RUNTIME = 'host/runtime/node.ts';

/** "image" for host/image/pack.ts, "data" for host/data/wfdb/record.ts too, "host" for host/cli.ts. */
function folderOf(file: string): string {
  const [top, folder, name] = file.split('/');
  return top === 'assembly' ? top : name === undefined ? top : folder;
}

/** `hypertinypw/model` of the package: the model, and the types that operators and sources declare into it. */
const MODEL_ENTRY = 'host/model/index.ts';

/** What a folder imports of others. */
function importedBy(folder: string): string[] {
  const inside = files.filter((file) => folderOf(file) === folder && file !== MODEL_ENTRY);
  const all = inside.flatMap((file) => imports.get(file)!.map(folderOf));
  return [...new Set(all)].filter((other) => other !== folder).sort();
}

describe('imports', () => {
  it('are all of files that exist, so none is overlooked', () => {
    const missing = [...imports].flatMap(([file, all]) =>
      all.filter((imported) => !imports.has(imported)).map((imported) => `${file} -> ${imported}`),
    );
    expect(missing).toEqual([]);
  });

  it('make no circle', () => {
    expect(circles()).toEqual([]);
  });

  it.each(Object.entries(MAP))('of %s are those on the map', (folder, expected) => {
    expect(importedBy(folder).join(' ')).toBe(expected);
  });

  it('of a folder are of those above it on the map, and every folder is there', () => {
    const order = Object.keys(MAP);
    const upwards = order.flatMap((folder, i) =>
      importedBy(folder)
        .filter((other) => !order.slice(0, i).includes(other))
        .map((other) => `${folder} -> ${other}`),
    );
    expect(upwards).toEqual([]);
    const free = ['host', 'verbs'];
    expect([...order, ...free].sort()).toEqual([...new Set(files.map(folderOf))].sort());
  });

  it('of verbs are only in verbs and the command line', () => {
    const others = files.filter((file) => !['verbs', 'host'].includes(folderOf(file)) || file === 'host/index.ts');
    expect(others.filter((file) => imports.get(file)!.some((to) => folderOf(to) === 'verbs'))).toEqual([]);
  });

  it('of training are of no data set by name', () => {
    const training = files.filter((file) => folderOf(file) === 'train');
    expect(training.flatMap((file) => imports.get(file)!).filter((to) => to.startsWith('host/data/sets/'))).toEqual([]);
  });

  it('of a verb are of no other verb: what two need is in a file of its own', () => {
    const verbs = imports.get('host/cli.ts')!.filter((file) => folderOf(file) === 'verbs');
    const isVerb = (file: string) =>
      verbs.includes(file) && /\b\w+Verb\(program: Command\)/.test(readFileSync(file, 'utf8'));
    expect(verbs.filter(isVerb).length).toBeGreaterThan(10);
    expect(verbs.filter(isVerb).filter((file) => imports.get(file)!.some(isVerb))).toEqual([]);
  });

  it.each(ONLY_IN)('of %s are only where they belong', (_, imported, allowed) => {
    const importers = files.filter((file) => named.get(file)!.some((name) => imported.test(name)));
    expect(importers.length, 'files that import it').toBeGreaterThan(0);
    expect(importers.filter((file) => !allowed.test(file) && file !== NODE_RUNTIME)).toEqual([]);
  });
});
