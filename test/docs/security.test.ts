/** docs/security.md: every invariant has a number and a test that there is. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/security.md', 'utf8');
const rows = [...page.matchAll(/^\| (\d+) +\| (.*?) +\| (.*) \|$/gm)].map(
  ([, number, , test]) => [number, test] as const,
);

describe('docs/security.md', () => {
  it('numbers its invariants from 1 on', () => {
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.map(([number]) => Number(number))).toEqual(rows.map((_, i) => i + 1));
  });

  it.each(rows)('has a test for invariant %s: %s', (_, test) => {
    const [, file, name] = /^`(test\/[\w/.]+)`: "(.*)"$/.exec(test)!;
    expect(existsSync(file), file).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain(name);
  });
});
