/** What the documents say against what is. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as format from '../../assembly/format.ts';
import * as limits from '../../assembly/limits.ts';
import * as status from '../../assembly/status.ts';
import { OPERATORS } from '../../host/operators/registry.ts';

const constants: Record<string, number> = { ...format, ...limits };
const page = readFileSync('docs/format.md', 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, name, value]) => [name, value] as const);

describe('docs/format.md', () => {
  it.each(rows)('says of %s what assembly/format.ts or limits.ts says: %s', (name, value) => {
    expect(Number(value)).toBe(constants[name]);
  });

  it('leaves no constant of the format and no limit out, and names none twice', () => {
    expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(constants).sort());
  });

  it.each([
    ['HEADER_', format.HEADER_BYTES],
    ['SECTION_', format.SECTION_BYTES],
    ['TENSOR_', format.TENSOR_BYTES],
    ['PORT_', format.PORT_BYTES],
    ['OPERATOR_', format.OPERATOR_BYTES],
    ['SOURCE_', format.SOURCE_BYTES],
    ['GENERATOR_', format.GENERATOR_BYTES],
    ['PROGRAM_', format.PROGRAM_HEADER_BYTES],
    ['COPY_', 4 * OPERATORS.copy.parameters!.words],
  ])('%s fields are naturally aligned, do not overlap and end before the record does', (prefix, size) => {
    const source = readFileSync('assembly/format.ts', 'utf8');
    const width: Record<string, number> = { u8: 1, i8: 1, u16: 2, u32: 4, i32: 4, f32: 4 };
    const fields = [...source.matchAll(/export const (\w+)_AT: u32 = (\d+); +\/\/\s+([uif]\d+)( x (\d))?/g)]
      .filter(([, name]) => name.startsWith(prefix))
      .map(([, , at, type, , count]) => ({
        at: Number(at),
        width: width[type],
        bytes: width[type] * Number(count ?? 1),
      }));
    expect(fields.length).toBeGreaterThan(2);
    let end = 0;
    for (const field of fields.sort((a, b) => a.at - b.at)) {
      expect(field.at % field.width).toBe(0);
      expect(field.at).toBe(end);
      end = field.at + field.bytes;
    }
    expect(end).toBe(size);
  });
});

describe('a limit that a page names with its number', () => {
  const named = readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) =>
      [...readFileSync(join('docs', name), 'utf8').matchAll(/`(MAX_\w+)` \((?:2\^(\d+)|([\d,]+))\)/g)].map(
        ([, limit, exponent, digits]) =>
          [name, limit, exponent ? 2 ** Number(exponent) : Number(digits.replaceAll(',', ''))] as const,
      ),
    );
  it.each(named)('in docs/%s, %s, is the one of assembly/limits.ts: %d', (_, limit, value) => {
    expect(value).toBe((limits as Record<string, number>)[limit]);
  });

  it('is found at all', () => {
    expect(named.map(([, limit]) => limit)).toContain('MAX_SOFTMAX_CHANNELS');
  });
});

describe('status codes', () => {
  it('are 0 or negative, and no two are equal', () => {
    const codes = Object.values(status);
    expect(codes.every((code) => code <= 0)).toBe(true);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync('docs').map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'));

describe('links', () => {
  it.each(documents)('in %s lead somewhere', (path) => {
    const text = readFileSync(path, 'utf8').replace(/```[\s\S]*?```/g, '');
    const dead = [...text.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
      .map(([, target]) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(dirname(path), target)));
    expect(dead).toEqual([]);
  });
});

describe('files of the project', () => {
  const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n');
  const folders = new Set(tracked.map((path) => path.split('/')[0]));
  const isThere = (path: string, ...from: string[]) => ['', ...from].some((folder) => existsSync(join(folder, path)));

  /** What the walk of docs/porting.md is about to make. */
  const TO_BE_MADE = ['assembly/intrinsics/rvp.ts', 'assembly/operators/product.rvp.ts'];

  it.each(documents)('that %s names are there', (path) => {
    const named = [...readFileSync(path, 'utf8').matchAll(/`([\w.-]+(?:\/[\w.-]+)+)\/?`/g)].map(([, name]) => name);
    const missing = named.filter((name) => folders.has(name.split('/')[0]) && !isThere(name));
    expect(missing.filter((name) => !TO_BE_MADE.includes(name))).toEqual([]);
  });

  it('that comments name are there, from the root, host/, assembly/ or the folder of the comment', () => {
    const sources = tracked.filter((path) => /^(assembly|boards|host|scripts|test)\/.*\.(ts|js|c|h|S)$/.test(path));
    const dead = sources.flatMap((source) => {
      const comments = readFileSync(source, 'utf8').match(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm) ?? [];
      const named = comments.flatMap(
        (comment) => comment.match(/(?<![\w./<-])[\w-]+(?:\/[\w.-]+)+\.(?:ts|md|c|h|json)\b/g) ?? [],
      );
      return named
        .filter((name) => !isThere(name, 'host', 'assembly', dirname(source)))
        .map((name) => `${source}: ${name}`);
    });
    expect(dead).toEqual([]);
  });
});
