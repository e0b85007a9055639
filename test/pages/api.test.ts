/** docs/api.md: every name that can be imported from the package, with what its docstring says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exportedNames } from '../../host/pages/api.ts';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const page = readFileSync('docs/api.md', 'utf8');
const entries = exportedNames();

describe('docs/api.md', () => {
  it('has every entry of package.json that has types', () => {
    const typed = Object.keys(exports).filter((subpath) => exports[subpath].types);
    expect(entries.map(({ entry }) => entry).sort()).toEqual(
      typed.map((subpath) => subpath.replace('.', 'hypertinypw')).sort(),
    );
  });

  it.each(entries)('has every name that $entry exports', ({ entry, exports: names }) => {
    const section = page.split(`\n## ${entry}\n`)[1].split('\n## ')[0];
    const missing = names.filter(
      (each) => !section.includes(each.entry === entry ? `\n### ${each.name}\n` : `\`${each.name}\``),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });

  it('has a docstring for each name', () => {
    const without = entries.flatMap(({ entry, exports: names }) =>
      names.filter((each) => each.entry === entry && each.description === '').map(({ name }) => `${entry} ${name}`),
    );
    expect(without).toEqual([]);
  });

  const guide = readFileSync('docs/javascript.md', 'utf8');
  const rows = [...guide.matchAll(/^\| `(hypertinypw(?:\/\w+)?)` \| (.*?) \| (?:yes|no)/gm)];
  it.each(rows.map(([, entry, says]) => [entry, says]))(
    '%s exports what docs/javascript.md says: %s',
    (entry, says) => {
      const known = entries.find((each) => each.entry === entry)!.exports.map(({ name }) => name);
      const told = [...says.matchAll(/`(\w+)(?:\(.*?\))?`/g)].map(([, name]) => name);
      expect(told.length).toBeGreaterThan(0);
      expect(told.filter((name) => !known.includes(name))).toEqual([]);
    },
  );

  it('and docs/javascript.md have the same entries', () => {
    expect(rows.map(([, entry]) => entry).sort()).toEqual(entries.map(({ entry }) => entry).sort());
  });

  it('shows no private member', () => {
    expect(page).not.toMatch(/^ *private /m);
  });
});
