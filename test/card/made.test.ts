/** The card of an image that a command made of others: its programs beside the originals, on the tasks that they name. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { readTask } from '../../host/task/task.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { schemaFaults } from '../cli/schemaFaults.ts';
import { ModelBuilder } from '../zoo.ts';

const folder = mkdtempSync(join(tmpdir(), 'card-'));
const at = (name: string): string => join(folder, name);
const TASKS = ['synthetic-motion', 'synthetic-tones'];

/** Untrained: what it answers matters to nobody. */
function imageFor(task: string, name: string, seed: number): Uint8Array {
  const { input, classes } = readTask(task);
  const b = new ModelBuilder(seed, [...input.shape], input.type);
  if (input.type === 'i16') b.standardize(null);
  b.pointwise(6).mean().fullyConnected(Object.keys(classes).length);
  return pack({ ...b.build(), metadata: { name, task } });
}

beforeAll(async () => {
  writeFileSync(at('motion.htpw'), imageFor(TASKS[0]!, 'motion', 1));
  writeFileSync(at('tones.htpw'), imageFor(TASKS[1]!, 'tones', 2));
  const { code, error } = await htpw('join', at('motion.htpw'), at('tones.htpw'), '-o', at('both.htpw'));
  expect([code, error]).toEqual([0, '']);
});

describe('htpw card --made', () => {
  it('states the command, the bytes, and of each program figures with intervals beside its original', async () => {
    const made = 'htpw join motion.htpw tones.htpw -o both.htpw';
    const { code, error, out } = await htpw(
      ...['card', at('both.htpw'), at('motion.htpw'), at('tones.htpw'), '--made', made],
    );
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain('2 programs beside 2 controls');
    const card = readFileSync(at('both.md'), 'utf8');
    const image = readFileSync(at('both.htpw'));
    expect(card).toContain(createHash('sha256').update(image).digest('hex'));
    expect(card).toContain(`| **image** | **${image.length.toLocaleString('en-US')}** |`);
    expect(card).toContain(`    npx ${made}\n`);
    for (const name of ['motion', 'tones']) {
      const section = card.slice(card.indexOf(`\n## ${name}\n`)).split('\n## ')[1]!;
      expect(section).toContain(`|  | both | ${name} |`);
      // nothing has changed, so both are as good and their difference is none
      const [, mine, its] = /^\| macro-F1 \| (\S+ \(\S+ to \S+\)) \| (\S+ \(\S+ to \S+\)) \|$/m.exec(section)!;
      expect(mine).toBe(its);
      expect(section).toContain('| macro-F1 of the image less this |  | 0.000 (0.000 to 0.000) |');
    }
  });

  it('prints with --json what its schema says', async () => {
    const { out } = await htpw('card', at('motion.htpw'), '--made', 'htpw x', '-o', at('motion.md'), '--json');
    expect(schemaFaults('card', out)).toEqual([]);
  });

  it.each<[what: string, words: string[], says: RegExp]>([
    ['neither a configuration nor a command', [], /expected --config <file> .* or --made <command> .*, got neither/],
    [
      'both',
      ['--made', 'x', '--config', 'models/configs/synthetic-motion.json'],
      /'--made <command>' cannot be used with option '--config <file>'/,
    ],
  ])('refuses %s', async (_, words, says) => {
    const { code, error } = await htpw('card', at('both.htpw'), ...words);
    expect(code).toBe(2);
    expect(error).toMatch(says);
  });

  it('refuses a control for another task', async () => {
    const { code, error } = await htpw('card', at('motion.htpw'), at('tones.htpw'), '--made', 'htpw x');
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain('expected a control for a task of synthetic-motion, got one for another; leave it out');
  });
});
