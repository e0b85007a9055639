/** Pages in Chromium, as on a phone and on a desk, in light and dark: nothing sticks out, and axe-core finds nothing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { describe, expect, it } from 'vitest';
import { resultsHtml } from '../../host/pages/book.ts';
import { readRecords } from '../../host/pages/records.ts';
import { htpw } from '../cli/command.ts';
import { answerOf, HAS_CHROMIUM, served } from '../package/browser.ts';
import { imageFile, inputsFile } from './images.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core says of the page, and how far it sticks out to the right. */
const CHECK = `<script>${AXE.replaceAll('</script', '<\\/script')}</script>
<script>
  axe.run().then(({ violations }) => {
    const found = violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)) }));
    const { scrollWidth, clientWidth } = document.documentElement;
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    parent.document.getElementById('answer').textContent = JSON.stringify({ found, over: scrollWidth - clientWidth, dark, wide: clientWidth })
      .replaceAll('<', '\\\\u003c');
  });
</script>`;

/** A window is never narrower than 500 pixels, a frame in it is. */
const frame = (width: number): string => `<!doctype html>
<pre id="answer"></pre>
<iframe src="report.html" width="${width}" height="1800" style="border:0"></iframe>`;

interface Answer {
  found: { id: string; impact: AxeResults['violations'][number]['impact']; where: string[] }[];
  over: number;
  dark: boolean;
  wide: number;
}

/** The page in a frame of this width, after axe-core has looked at it. */
async function looked(page: string, width: number, scheme: 'light' | 'dark'): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'htpw report '));
  writeFileSync(
    join(folder, 'report.html'),
    page.replace('</body>', () => `${CHECK}</body>`),
  );
  writeFileSync(join(folder, 'frame.html'), frame(width));
  const flags = ['--window-size=1400,2000', `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`];
  const answer = (await served(folder, (address) => answerOf(`${address}/frame.html`, flags))) as Answer;
  rmSync(folder, { recursive: true, force: true });
  return answer;
}

async function report(): Promise<string> {
  const page = join(mkdtempSync(join(tmpdir(), 'htpw report ')), 'report.html');
  const { data, labels } = inputsFile();
  const { code } = await htpw('report', imageFile(), '--quick', '-o', page, '--data', data, '--labels', labels);
  expect(code).toBe(0);
  return readFileSync(page, 'utf8');
}

const results = (): string => resultsHtml(readRecords());

describe.skipIf(!HAS_CHROMIUM)('a page in a browser', () => {
  it.each([
    ['a report', report, 390, 'light'],
    ['a report', report, 390, 'dark'],
    ['a report', report, 1280, 'light'],
    ['a report', report, 1280, 'dark'],
    ['build/results.html', results, 390, 'light'],
    ['build/results.html', results, 1280, 'dark'],
  ] as const)(
    '%s (line %#) sticks out nowhere and has no serious fault of accessibility',
    async (_, make, width, scheme) => {
      const answer = await looked(await make(), width, scheme);
      expect(answer).toMatchObject({ dark: scheme === 'dark', over: 0 });
      expect(answer.wide).toBeLessThanOrEqual(width);
      expect(answer.found.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    },
  );
});
