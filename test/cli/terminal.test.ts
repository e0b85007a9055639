/** What people see of a command beside its result: colour, how far long work is, and what their shell completes. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { heading, painted, takesColor } from '../../host/verbs/color.ts';
import { duration, StageLines } from '../../host/verbs/stageLines.ts';
import { htpw, ONE_LINE } from './command.ts';

const hasShell = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

describe('colour', () => {
  it.each<[what: string, isTTY: boolean, environment: Record<string, string>, expected: boolean]>([
    ['is for terminals', true, {}, true],
    ['is not for files and pipes', false, {}, false],
    ['is not where NO_COLOR is set', true, { NO_COLOR: '1' }, false],
    ['is there where NO_COLOR is empty, as its authors ask', true, { NO_COLOR: '' }, true],
    ['is not for a terminal without it', true, { TERM: 'dumb' }, false],
    ['is not for a build server without a terminal', false, { CI: 'true' }, false],
  ])('%s', (_, isTTY, environment, expected) => {
    expect(takesColor({ isTTY }, environment)).toBe(expected);
  });

  it('marks headings, and leaves no mark where there is none', () => {
    const text = `${heading('name  bytes')}\na\u001b[31m  1`;
    const harmless = (line: string): string => line.replace('\u001b', '?');
    expect(painted(text, { isTTY: false }, harmless)).toBe('name  bytes\na?[31m  1');
  });

  it('of a list of boards is a table without Markdown', async () => {
    const { out } = await htpw('boards');
    expect(out).toMatch(/^board +core +variant +flash +RAM +counts +verified\n/);
    for (const mark of ['`', '*', '|', '\u0001', '\u001b']) expect(out).not.toContain(mark);
  });
});

describe('progress where stderr is no terminal', () => {
  /** Lines that work says which reports at these seconds. */
  function linesOf(reports: [second: number, done: number, total: number, note?: string][]): string[] {
    const said: string[] = [];
    let now = 0;
    const lines = new StageLines(
      'work',
      (line) => said.push(line),
      () => now,
    );
    for (const [second, ...report] of reports) {
      now = second;
      lines.report(...report);
    }
    lines.end();
    return said;
  }

  it('says nothing of what is soon done', () => {
    expect(
      linesOf([
        [0, 0, 3],
        [4, 1, 3],
        [29, 3, 3],
      ]),
    ).toEqual([]);
  });

  it('says how far it is and how long it will take, once a minute', () => {
    expect(
      linesOf([
        [0, 0, 100],
        [40, 20, 100],
        [60, 30, 100],
        [100, 50, 100],
      ]),
    ).toEqual(['work: 20 of 100, about 3 min left', 'work: 50 of 100, about 2 min left', 'work: done after 2 min']);
  });

  it('has a line for each stage, whose speed is its own', () => {
    expect(
      linesOf([
        [0, 0, 10, 'fit'],
        [50, 5, 10, 'fit'],
        [51, 0, 4, 'refine'],
        [53, 1, 4, 'refine'],
      ]),
    ).toEqual(['work: 5 of 10, about 50 s left, fit', 'work: 0 of 4, refine', 'work: done after 53 s']);
  });

  it('takes notes that differ in figures alone for one stage', () => {
    expect(
      linesOf([
        [0, 0, 9, 'loss 0.9'],
        [40, 1, 9, 'loss 0.8'],
        [50, 2, 9, 'loss 0.7'],
      ]).length,
    ).toBe(2);
  });

  it.each([
    [45, '45 s'],
    [150, '3 min'],
    [7500, '2 h 5 min'],
  ])('%i seconds are "%s"', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe('htpw completion', () => {
  /** What bash offers for the last of these words. */
  async function offered(...words: string[]): Promise<string[]> {
    const { out } = await htpw('completion', 'bash');
    const array = words.map((word) => `'${word}'`).join(' ');
    const script = `${out}\nCOMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _htpw; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  }

  it.skipIf(!hasShell('bash')).each<[words: string[], expected: string[]]>([
    [['htpw', 'in'], ['inspect']],
    [
      ['htpw', 'inspect', '--h'],
      ['--hex', '--help'],
    ],
    [
      ['htpw', 'run', '--variant', 's'],
      ['scalar', 'simd'],
    ],
    [['htpw', 'plan', '--board', 'nucleo-f'], ['nucleo-f767zi']],
    [['htpw', 'inspect', 'package.j'], ['package.json']],
  ])('completes %j in bash', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });

  it.each(['bash', 'zsh', 'fish'])('knows every verb and its options in %s', async (shell) => {
    const { out } = await htpw('completion', shell);
    const { verbs } = JSON.parse((await htpw('completion', shell, '--json')).out);
    expect(verbs.length).toBeGreaterThan(20);
    for (const { name, options } of verbs) {
      expect(out).toContain(name);
      for (const { names } of options)
        expect(out).toContain(shell === 'fish' ? names.at(-1).replace(/^-+/, '') : names.at(-1));
    }
  });

  for (const shell of ['zsh', 'fish'])
    it.skipIf(!hasShell(shell))(`is a script that ${shell} reads`, async () => {
      const { out } = await htpw('completion', shell);
      expect(spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    });

  it('refuses another shell', async () => {
    const { code, error } = await htpw('completion', 'csh');
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain('expected bash, zsh, fish, got "csh"');
  });
});
