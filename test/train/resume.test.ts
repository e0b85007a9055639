/**
 * A training that was ended goes on: killed at any moment, then resumed, it gives the bytes of one that nobody disturbed.
 * Real processes are killed; states of every step are taken up in this one.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { Random } from '../../host/system/random.ts';
import { readConfigs } from '../../host/train/config.ts';
import type { StateOptions } from '../../host/train/run.ts';
import { decodeState, encodeState } from '../../host/train/state.ts';
import { trainTogether } from '../../host/train/train.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'htpw resume '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const SCHEDULE = {
  seed: 3,
  epochs: 24,
  batch: 16,
  learningRate: 0.01,
  codeRate: 2,
  warmupSteps: 4,
  weightDecay: 0.01,
  clip: 2,
  lookEvery: 3,
  keep: 'best',
  network: {
    layers: [
      { kind: 'convolution', channels: 6, kernel: 8, stride: 4 },
      { kind: 'separable', channels: 8, kernel: 5, stride: 4 },
    ],
    methods: { pointwise: { kind: 'int4' } },
  },
};
const MOTION = { task: 'synthetic-motion', windowsPerEpoch: { rest: 24, walk: 24, run: 24, shake: 24 } };
/** Epochs of another length, so that one network is amid an epoch at the end of one of the other. */
const TONES = { task: 'synthetic-tones', windowsPerEpoch: { hum: 16, twice: 16, whistle: 16, hiss: 18 } };

const CONFIGS: Record<string, object> = {
  'one task': { name: 'one', ...SCHEDULE, ...MOTION },
  'several tasks together': { name: 'both', ...SCHEDULE, tasks: [MOTION, TONES] },
};

function written(name: string, config: object): string {
  writeFileSync(at(name), JSON.stringify(config));
  return at(name);
}

describe.each(Object.keys(CONFIGS))('%s', (what) => {
  const config = written(`${what}.json`, CONFIGS[what]!);
  const training = (options: Partial<StateOptions> = {}) =>
    trainTogether(readConfigs(config), {
      epochs: 4,
      state: { path: at(`${what}.state`), beginning: null, every: 0, ...options },
    });

  it('goes on from the state of any step, to the same image', { timeout: 600_000 }, async () => {
    const state = at(`${what}.state`);
    const states = new Map<number, Uint8Array>();
    let isDone = false;
    const whole = training().finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await setImmediate();
      if (!existsSync(state)) continue;
      const bytes = readFileSync(state);
      states.set(decodeState(bytes, 'state').state.step, bytes);
    }
    const { model, report } = await whole;
    // 6 steps an epoch: within the first, at the end of one, within the third, at the end of all
    expect([...states.keys()]).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    for (const step of [2, 6, 16, 24]) {
      writeFileSync(state, states.get(step)!);
      const from: number[][] = [];
      const resumed = await training({ beginning: 'resume', onResume: (...where) => from.push(where) });
      expect(from).toEqual([[Math.floor(step / 6), step]]);
      expect(sha256(pack(resumed.model))).toBe(sha256(pack(model)));
      expect(resumed.report.history).toEqual(report.history);
    }
  });

  it('killed twice and resumed gives the image of a training that was not', { timeout: 600_000 }, async () => {
    const words = ['train', '--config', config];
    expect(await htpw(...words, '-o', at(`${what} whole.htpw`))).toMatchObject({ code: 0 });
    const output = at(`${what} killed.htpw`);
    const state = at(`${what} killed.training.safetensors`);
    await killed([...words, '-o', output], state);
    await killed([...words, '-o', output, '--resume'], state);
    expect(existsSync(output)).toBe(false);
    const { code, out, error } = await htpw(...words, '-o', output, '--resume', '--json');
    expect(error).toMatch(/killed\.training\.safetensors: going on after epoch \d+, step \d+\n/);
    expect(code).toBe(0);
    expect(sha256(readFileSync(output))).toBe(sha256(readFileSync(at(`${what} whole.htpw`))));
    const { history } = JSON.parse(out) as { history: { epoch: number }[] };
    expect(history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: SCHEDULE.epochs }, (_, i) => i + 1));
    expect(existsSync(state)).toBe(false);
  });
});

/** A process of its own, which ends without a chance to clean up as soon as it has written a state or two. */
async function killed(words: string[], state: string): Promise<void> {
  const time = (): number => statSync(state, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const before = time();
  const child = spawn(process.execPath, ['scripts/htpw.js', ...words], { stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    child.on('exit', (_, signal) => resolve(signal));
  });
  while (time() === before && child.exitCode === null) await setTimeout(2);
  await setTimeout(7); // amid the next epoch
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
}

describe('a state', () => {
  const config = written('motion.json', { name: 'motion', ...SCHEDULE, ...MOTION, epochs: 2 });
  const output = at('motion.htpw');
  const state = at('motion.training.safetensors');
  const words = (file = config): string[] => ['train', '--config', file, '-o', output];

  it('is kept on request, and holds numbers as they are', { timeout: 300_000 }, async () => {
    expect(await htpw(...words(), '--keep-state')).toMatchObject({ code: 0 });
    const bytes = readFileSync(state);
    const { subject, state: found } = decodeState(bytes, 'state');
    expect(sha256(encodeState(subject, found))).toBe(sha256(bytes));
    expect(found).toMatchObject({ step: 12, lossSum: 0, best: { epoch: 2 } });
  });

  it('of the same training is not overwritten unasked', { timeout: 300_000 }, async () => {
    const { code, error } = await htpw(...words());
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain('unfinished after step 12; go on with --resume, or begin again with --restart');
    expect(code).toBe(2);
    expect(existsSync(state)).toBe(true);
  });

  it.each<[string, object, RegExp]>([
    ['other epochs', { epochs: 3 }, /of another configuration: epochs: expected 3, got 2; resume it as it was/],
    ['another seed', { seed: 4 }, /of another configuration: seed: expected 4, got 3/],
    ['a field that it had not', { classWeights: 'equal' }, /configuration: classWeights: expected "equal", got none/],
  ])('of a training with %s is not resumed', { timeout: 300_000 }, async (_, change, says) => {
    const other = written('other.json', { name: 'motion', ...SCHEDULE, ...MOTION, epochs: 2, ...change });
    const { code, error } = await htpw(...words(other), '--resume');
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
    expect(code).toBe(2);
  });

  it('of a training on other windows is not resumed', { timeout: 300_000 }, async () => {
    const { code, error } = await htpw(...words(), '--resume', '--subset', '500');
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain('is of a training of other windows, or with another basis or teacher; resume it as');
    expect(code).toBe(2);
  });

  it('is refused when a byte of it is damaged or missing, wherever it is', () => {
    const bytes = readFileSync(state);
    expect(() => decodeState(bytes, 'state')).not.toThrow();
    for (let i = 0; i < 200; i++) {
      const damaged = Uint8Array.from(bytes);
      damaged[Math.floor((i * bytes.length) / 200)]! ^= 0x10;
      expect(() => decodeState(damaged, 'state')).toThrow(/^state: /);
    }
    for (const length of [0, 7, 100, bytes.length - 1])
      expect(() => decodeState(bytes.subarray(0, length), 'state')).toThrow(/^state: /);
  });

  it('of another version of its format is refused, and so is a checkpoint', { timeout: 300_000 }, async () => {
    const text = readFileSync(state, 'latin1').replace('training state 1', 'training state 2');
    writeFileSync(at('later.safetensors'), text, 'latin1');
    const { error } = await htpw(...words(), '--resume', '--state', at('later.safetensors'));
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain('expected "hypertinypw training state 1", got "hypertinypw training state 2"; begin again');
  });

  it('that is not there is no reason not to begin', { timeout: 300_000 }, async () => {
    const other = at('none.htpw');
    const { code, error } = await htpw('train', '--config', config, '-o', other, '--resume');
    expect(error).toContain('none.training.safetensors: no state to go on with; training begins\n');
    expect(code).toBe(0);
    expect(existsSync(at('none.training.safetensors'))).toBe(false);
    expect(await htpw(...words(), '--restart')).toMatchObject({ code: 0 });
    expect(sha256(readFileSync(other))).toBe(sha256(readFileSync(output)));
    expect(existsSync(state)).toBe(false);
  });

  it('needs a file', async () => {
    for (const flags of [
      ['--state', '/dev/null'],
      ['--resume', '--restart'],
    ]) {
      const { code, error } = await htpw(...words(), ...flags);
      expect(error).toMatch(ONE_LINE);
      expect(code).toBe(2);
    }
  });
});

it('random numbers go on from a state, also between two normal ones', () => {
  const random = new Random(1);
  for (let i = 0; i < 7; i++) random.normal();
  const { state } = random;
  const other = new Random(2);
  other.state = JSON.parse(JSON.stringify(state));
  const next = (of: Random): number[] => [of.normal(), of.uniform(), of.normal(), of.normal(), of.below(1000)];
  expect(next(other)).toEqual(next(random));
});
