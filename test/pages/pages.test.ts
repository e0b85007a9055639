/** Every page, and part of a page, that a program writes: what is committed is what it would write now. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shareChart } from '../../host/drawing/shareChart.ts';
import { PAGES } from '../../host/pages/pages.ts';
import { readRecords } from '../../host/pages/records.ts';
import { renewed } from '../../host/pages/renew.ts';
import { exampleCommands, withExamples, withSection } from '../../host/pages/sections.ts';
import { htpw } from '../cli/command.ts';

const records = readRecords();

describe('htpw pages', () => {
  it.each(PAGES.map((page) => [page.path, page] as const))('has nothing to change in %s', async (path, page) => {
    const committed = existsSync(path) ? readFileSync(path, 'utf8') : ''; // a drawing of what is not recorded yet
    expect(await page.render(records, committed), 'out of date: run htpw pages').toBe(committed);
  });

  it.each(['README.md', 'docs/results.md', 'docs/results.svg'])(
    'finds %s out of date when networks take half as many instructions more',
    async (path) => {
      const networks = records.imported.networks.map((figure) => ({
        ...figure,
        instructions: Math.round(1.5 * figure.instructions),
      }));
      const pages = PAGES.filter((page) => page.path === path);
      const [{ differsAt }] = await renewed(pages, { ...records, imported: { ...records.imported, networks } });
      expect(differsAt).toBeGreaterThan(0);
    },
  );

  it('says which pages it has looked at, and which there are', async () => {
    const { code, out } = await htpw('pages', '--check', '--json', 'docs/results.md');
    expect([code, JSON.parse(out)]).toEqual([0, [{ page: 'docs/results.md', state: 'up to date' }]]);
    const wrong = await htpw('pages', 'docs/nosuch.md');
    expect([wrong.code, wrong.error]).toEqual([
      2,
      expect.stringMatching(/^htpw: pages: expected some of README\.md, .*, got "docs\/nosuch\.md"/),
    ]);
  });
});

describe('a section', () => {
  it('is what stands between its marks, which stay', () => {
    const page = 'a\n<!-- t -->\nold\n<!-- /t -->\nb\n<!-- u -->\nmine\n<!-- /u -->\n';
    expect(withSection(page, 't', 'new $& \n')).toBe(
      'a\n<!-- t -->\n\nnew $&\n\n<!-- /t -->\nb\n<!-- u -->\nmine\n<!-- /u -->\n',
    );
  });

  it('is refused on a page without its marks', () => {
    expect(() => withSection('a page\n', 'boards', 'x')).toThrow(/expected the marks <!-- boards -->/);
  });
});

describe('examples on a page', () => {
  const page = 'Text\n```\n$ npx htpw plan a.htpw\nold\n```\n';

  it('are the commands of its blocks, with what these print', () => {
    expect(exampleCommands(page)).toEqual(['plan a.htpw']);
    expect(withExamples(page, { 'plan a.htpw': 'new\n' })).toBe('Text\n```\n$ npx htpw plan a.htpw\nnew\n```\n');
  });

  it('are refused when the page has lost them, or shows one that was not recorded', () => {
    expect(() => withExamples('# Residency\n', {})).toThrow(/expected a block that begins/);
    expect(() => withExamples(page, {})).toThrow('what "htpw plan a.htpw" prints is not recorded');
  });
});

describe('a chart of shares', () => {
  const chart = (share: number) =>
    shareChart({
      title: 'Ours < theirs',
      description: 'In words',
      legend: ['ours', 'theirs'],
      groups: [{ title: 'a network', bars: [{ label: 'flash', share, text: 'some of all' }] }],
    });
  const widths = (svg: string) => [...svg.matchAll(/class="(whole|part)" x="108"[^>]*? width="([\d.]+)"/g)];
  const length = (svg: string, kind: string) => Number(widths(svg).find(([, name]) => name === kind)![2]);

  it.each([0.25, 1, 2])('draws %d times the whole as a bar of that length', (share) => {
    const svg = chart(share);
    expect(length(svg, 'part') / length(svg, 'whole')).toBeCloseTo(share, 2);
    expect(Math.max(length(svg, 'part'), length(svg, 'whole'))).toBe(188);
  });

  it('has a title and a description for who cannot see it, and colours for a dark screen', () => {
    const svg = chart(0.5);
    expect(svg).toContain('role="img" aria-labelledby="title description"');
    expect(svg).toContain('<title id="title">Ours &lt; theirs</title>');
    expect(svg).toContain('<desc id="description">In words</desc>');
    expect(svg).toContain('prefers-color-scheme: dark');
  });
});
