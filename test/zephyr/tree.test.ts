/**
 * Samples and tests in a real Zephyr, where ZEPHYR_BASE names one: built and run in the emulator and on this computer.
 * Modules of Zephyr that boards need are in ZEPHYR_MODULES; the compiler is the one that Zephyr's own variables name.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { library } from '../clib/write.ts';
import { emptyFolder, MODULE } from '../paths.ts';
import { output } from '../programs.ts';
import { page, writeApplication } from './guide.ts';
import { parseYaml } from './yaml.ts';

const { ZEPHYR_BASE: base, ZEPHYR_MODULES: modules } = process.env;
const number = (name: string) => {
  const [, value] = new RegExp(`^VERSION_${name} *= *(\\d+)`, 'm').exec(readFileSync(join(base!, 'VERSION'), 'utf8'))!;
  return Number(value);
};
/** Boards have names in parts since 3.7. */
const board = (name: string) => (number('MAJOR') * 100 + number('MINOR') < 307 ? name.replace('/', '_') : name);

/** Runs a build until it has printed `last`; everything that it printed, and stops it. */
function printed(build: string, last: RegExp, seconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const program = spawn('ninja', ['-C', build, 'run'], {
      cwd: build, // where the simulated flash of native_sim goes
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const end = (done: () => void) => {
      clearTimeout(timer);
      process.kill(-program.pid!);
      done();
    };
    const timer = setTimeout(
      () => end(() => reject(new Error(`no ${last} in ${seconds} s:\n${text}`))),
      1000 * seconds,
    );
    const take = (bytes: Buffer) => {
      text += bytes;
      if (last.test(text)) end(() => resolve(text));
    };
    program.stdout.on('data', take);
    program.stderr.on('data', take);
  });
}

const PASSED = /PROJECT EXECUTION (SUCCESSFUL|FAILED)/;

describe.skipIf(!base)('in the Zephyr of ZEPHYR_BASE', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await library();
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (app: string, on: string, last: RegExp, ...options: string[]) => {
    const build = emptyFolder('tree');
    const env = on === 'native_sim' ? { ...process.env, ZEPHYR_TOOLCHAIN_VARIANT: 'host' } : process.env;
    const all = [modules, folder].filter(Boolean).join(';');
    const settings = [
      `-DBOARD=${board(on)}`,
      `-DZEPHYR_MODULES=${all}`,
      '-DPython3_EXECUTABLE=/usr/bin/python3',
      ...options,
    ];
    output('cmake', ['-GNinja', '-S', resolve(folder, 'zephyr', app), '-B', build, ...settings], { env });
    output('ninja', ['-C', build], { env });
    return printed(build, last, 120);
  };

  const boards = ['mps2/an385', 'qemu_cortex_m3', 'native_sim'];
  for (const on of boards) {
    it(`every output byte of the golden vectors is right, on ${on}`, { timeout: 600_000 }, async () => {
      expect(await run('tests/golden', on, PASSED)).toContain('PROJECT EXECUTION SUCCESSFUL');
    });
  }

  it('the program of docs/zephyr.md logs what the page says', { timeout: 600_000 }, async () => {
    const mine = writeApplication(folder);
    const [, logged] = /It logs `([^`]+)`/.exec(page)!;
    expect(await run(mine, 'mps2/an385', /program [^\n]*\n/)).toContain(logged);
    rmSync(dirname(mine), { recursive: true });
  });

  it('the sample ecg_beats logs the classes that its sample.yaml expects', { timeout: 600_000 }, async () => {
    const file = 'samples/ecg_beats/sample.yaml';
    const { common } = parseYaml(readFileSync(join(MODULE, file), 'utf8'), file) as Record<string, never>;
    const expected = (common as { harness_config: { regex: string[] } }).harness_config.regex.at(-1)!;
    // Zephyr's emulators count 128 ns an instruction: fast enough for a heart, not for one in a hurry
    for (const options of [[], ['-DCONFIG_HTPW_RESIDENCY_STREAM=y']])
      expect(await run('samples/ecg_beats', 'qemu_cortex_m3', / beats: [^\n]*\n/, ...options)).toContain(expected);
    expect(await run('samples/ecg_beats', 'native_sim', / beats: [^\n]*\n/, '-DCONFIG_ECG_SPEED=10')).toContain(
      expected,
    );
  });

  it('models in partitions pass their tests, read in place and through a driver', { timeout: 600_000 }, async () => {
    for (const on of ['mps2/an385', 'native_sim'])
      expect(await run('tests/partition', on, PASSED)).toContain('PROJECT EXECUTION SUCCESSFUL');
  });

  it('the commands of the shell pass their tests', { timeout: 600_000 }, async () => {
    expect(await run('tests/shell', 'mps2/an385', PASSED)).toContain('PROJECT EXECUTION SUCCESSFUL');
  });
});
