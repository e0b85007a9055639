/**
 * Which file may import which: arrows point down, from verbs to stages, to the model and the format, and never in a
 * circle. Imports of types count as well: to read a file is to read what it names. What is not yet so is listed, and a
 * listed arrow that is gone has to leave the list.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const files = ['host', 'assembly']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)))
  .filter((path) => path.endsWith('.ts'))
  .sort();
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** Files of the project that a file imports or exports again, statically or not. */
function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  const names = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith('.'));
  const paths = names.map((name) => join(dirname(file), name));
  return [...new Set(paths.map((path) => (path.endsWith('.ts') ? path : `${path}.ts`)))]; // AssemblyScript has no .ts
}

/** "importer -> imported", for every import whose two ends are of a kind. */
function arrows(from: (file: string) => boolean, to: (file: string) => boolean): string[] {
  return files.filter(from).flatMap((file) =>
    imports
      .get(file)!
      .filter(to)
      .map((imported) => `${file} -> ${imported}`),
  );
}

const within =
  (...folders: string[]) =>
  (file: string): boolean =>
    folders.some((folder) => file.startsWith(`${folder}/`));

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

const CIRCLES = ['host/board/replay.ts <-> host/board/verify.ts', 'host/board/serial.ts <-> host/board/transport.ts'];

/** What makes and reads images. */
const DEPLOYING = within(
  'host/arithmetic',
  'host/image',
  'host/import',
  'host/model',
  'host/operators',
  'host/sources',
);
const OPERATORS_AND_SOURCES = within('host/operators', 'host/sources');
/** What of host/image/ reads records and writes bytes, and knows no operator or source. */
const RECORDS = ['bytes', 'categories', 'channelTable', 'crc32', 'packed', 'rice', 'view'].map(
  (name) => `host/image/${name}.ts`,
);
const VERBS = within('host/verbs');

interface Rule {
  rule: string;
  from: (file: string) => boolean;
  to: (file: string) => boolean;
  /** arrows that break it still */
  still: string[];
}

const NEVER: Rule[] = [
  {
    rule: 'what deploys a model knows no verb, board or training',
    from: DEPLOYING,
    to: within('host/verbs', 'host/board', 'host/train'),
    still: ['checkpoint', 'config', 'index', 'network', 'tensors'].map(
      (name) => `host/import/checkpoint.ts -> host/train/${name}.ts`,
    ),
  },
  {
    rule: 'only verbs and the command line know verbs',
    from: (file) => !VERBS(file) && file !== 'host/cli.ts',
    to: VERBS,
    still: [],
  },
  {
    rule: 'nothing that makes or reads an image needs the oracle',
    from: DEPLOYING,
    to: within('host/reference'),
    still: [],
  },
  {
    rule: 'arithmetic knows constants of the format, and nothing of the host',
    from: within('host/arithmetic'),
    to: (file) => file.startsWith('host/') && !within('host/arithmetic')(file),
    still: [],
  },
  {
    rule: 'the model knows nothing but itself',
    from: within('host/model'),
    to: (file) => !within('host/model')(file),
    still: [],
  },
  {
    rule: 'operators and sources know arithmetic, the model, records and the format',
    from: OPERATORS_AND_SOURCES,
    to: (file) =>
      !within('host/arithmetic', 'host/model', 'assembly')(file) &&
      !RECORDS.includes(file) &&
      !OPERATORS_AND_SOURCES(file),
    still: [],
  },
  {
    rule: 'an operator is not made of a weight source',
    from: within('host/operators'),
    to: within('host/sources'),
    still: [],
  },
  {
    rule: 'a weight source is not made for an operator',
    from: within('host/sources'),
    to: within('host/operators'),
    still: [],
  },
  {
    rule: 'records know no operator and no source',
    from: (file) => RECORDS.includes(file),
    to: OPERATORS_AND_SOURCES,
    still: [],
  },
  {
    rule: 'data sets know no task, and nothing that is made of them',
    from: within('host/data'),
    to: within('host/task', 'host/train', 'host/evaluate', 'host/verbs'),
    still: [],
  },
  {
    rule: 'a task knows nothing of networks',
    from: within('host/task'),
    to: within('host/train', 'host/evaluate', 'host/verbs'),
    still: [],
  },
  {
    rule: 'evaluation knows nothing of training',
    from: within('host/evaluate'),
    to: within('host/train', 'host/verbs'),
    still: [],
  },
  {
    rule: 'training knows no data set by name, and no class, rate or size',
    from: within('host/train'),
    to: (file) => within('host/data/sets')(file) || file === 'host/data/beats.ts',
    still: [],
  },
  {
    rule: 'the device knows no host',
    from: within('assembly'),
    to: within('host'),
    still: [],
  },
];

describe('imports', () => {
  it('are all of files that exist, so none is overlooked', () => {
    const missing = [...imports].flatMap(([file, all]) =>
      all.filter((imported) => !imports.has(imported)).map((imported) => `${file} -> ${imported}`),
    );
    expect(missing).toEqual([]);
  });

  it('make no circle but those that are listed', () => {
    expect(circles()).toEqual(CIRCLES);
  });

  it.each(NEVER)('point down: $rule', ({ from, to, still }) => {
    expect(files.filter(from).length, 'files that the rule is about').toBeGreaterThan(0);
    expect(arrows(from, to)).toEqual(still);
  });
});
