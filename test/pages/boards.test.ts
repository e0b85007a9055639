/** What the documents say of boards against what is in boards/. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boardNames, listBoards, loadBoard } from '../../host/boards/board.ts';
import { boardTable, tickTable } from '../../host/pages/boards.ts';

/** Cells of the rows that begin with a name in code. */
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\| `.*$/gm)].map(([line]) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

const between = (page: string, mark: string) => page.split(`<!-- ${mark} -->`)[1].split(`<!-- /${mark} -->`)[0];

describe('the table of boards', () => {
  // a board that is new may be missing until `htpw boards --write` has run; nothing else may differ
  it.each([
    ['README.md', 'boards', boardTable],
    ['docs/protocol.md', 'ticks', tickTable],
  ])('in %s says of each board what its board.json says', (path, mark, table) => {
    const listed = rowsOf(between(readFileSync(path, 'utf8'), mark));
    expect(listed.length).toBeGreaterThan(0);
    const now = rowsOf(table(listBoards()));
    expect(listed).toEqual(now.filter(([name]) => listed.some(([known]) => known === name)));
  });
});

type Json = { [key: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields that the check of board.json asks for: it lists them when it meets one that is none. */
function askedFor(json: Json, path: string[] = []): string[] {
  const folder = join(mkdtempSync(join(tmpdir(), 'fields-')), 'any');
  mkdirSync(folder);
  const broken = structuredClone({ ...json, name: 'any' }) as Json;
  let part = broken;
  for (const key of path) part = part[key] as Json;
  part.nosuch = 1;
  writeFileSync(join(folder, 'board.json'), JSON.stringify(broken));
  let message = '';
  try {
    loadBoard(folder);
  } catch (error) {
    message = (error as Error).message;
  }
  const [, where, list] = /: (\S*)nosuch: unknown; the fields are (.*)$/.exec(message) ?? [];
  expect(where).toBe(path.map((key) => `${key}.`).join(''));
  return list.split(', ').flatMap((key) => {
    delete part.nosuch;
    return isObject(part[key]) ? askedFor(json, [...path, key]) : [[...path, key].join('.')];
  });
}

describe('the table of fields in docs/porting.md', () => {
  it('has every field of board.json and no other', () => {
    const jsons = boardNames().map((name) => JSON.parse(readFileSync(join('boards', name, 'board.json'), 'utf8')));
    // for each way of running a board that says all there is to say; this computer has less to say than a device
    const everything = Object.assign({}, ...jsons);
    const runners = new Map(jsons.map((json) => [json.runner.kind, json]));
    const asked = [...runners.values()].flatMap((json) =>
      askedFor('memory' in json ? { ...everything, ...json } : json),
    );
    const table = readFileSync('docs/porting.md', 'utf8').split('| field ')[1].split('\n\n')[0];
    const listed = [...table.matchAll(/^ *\| (`.*?`) +\|/gm)].flatMap(([, cell]) =>
      cell.split(', ').map((name) => name.replaceAll('`', '')),
    );
    expect(listed.length).toBe(new Set(listed).size);
    // an object that a board leaves out looks like a field without parts
    const fields = asked.filter((field) => !asked.some((other) => other.startsWith(`${field}.`)));
    expect(listed.sort()).toEqual([...new Set(fields)].sort());
  });
});

describe('setting up', async () => {
  const { toolsFor } = await import('../../scripts/setup.js' as string);
  const tools = (use?: object): { program: string; packages: string[]; neededBy: string[] }[] => toolsFor(use);

  it('installs a compiler and an emulator for every board', () => {
    for (const { name, toolchain, runner } of listBoards()) {
      const own = tools()
        .filter(({ neededBy }) => neededBy.includes(name))
        .map(({ program }) => program);
      expect(own).toEqual([`${toolchain}gcc`, ...(runner.kind === 'qemu' ? [runner.program] : [])]);
    }
    expect(tools().filter(({ packages }) => packages.length === 0)).toEqual([]);
  });

  it('needs no compiler and no emulator for the projects device and host', () => {
    expect(tools({ projects: ['device'] })).toEqual([]);
    expect(tools({ projects: ['device', 'host'] }).map(({ program }) => program)).toEqual(['chromium']);
  });

  it('leaves out nothing when each project is set up', () => {
    const named = (list: { program: string }[]) => list.map(({ program }) => program).sort();
    expect(named(tools({ projects: ['device', 'host', 'boards', 'zephyr'] }))).toEqual(named(tools()));
  });
});
