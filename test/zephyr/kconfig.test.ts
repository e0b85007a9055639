/** zephyr/Kconfig: what it makes of a core, and that the options of apps exist. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MODULE, root } from '../paths.ts';
import { parseKconfig } from './kconfig.ts';

const PYTHON = '/usr/bin/python3';
const HERE = join(root, 'test', 'zephyr');
const hasKconfiglib = spawnSync(PYTHON, ['-c', 'import kconfiglib'], { stdio: 'ignore' }).status === 0;

const options = parseKconfig(readFileSync(join(MODULE, 'Kconfig'), 'utf8'));
const names = new Set(options.map(({ name }) => name));

/** Values of the options for the settings of a core, by kconfiglib. */
function valuesFor(...settings: string[]): Record<string, string> {
  const environment = { ...process.env, srctree: join(HERE, 'stubs'), HTPW_KCONFIG: join(MODULE, 'Kconfig') };
  const words = [join(HERE, 'kconfig.py'), ...settings];
  return JSON.parse(execFileSync(PYTHON, words, { encoding: 'utf8', env: environment, stdio: 'pipe' }));
}

describe.skipIf(!hasKconfiglib)('Kconfig, by kconfiglib (python3-kconfiglib)', () => {
  it('has the variant of a core with the DSP extension where there is one', () => {
    const variant = (...settings: string[]) => valuesFor('HTPW=y', ...settings).HTPW_VARIANT_DSP;
    expect([variant('CPU_CORTEX_M4=y'), variant('CPU_CORTEX_M7=y'), variant('ARMV8_M_DSP=y')]).toEqual(['y', 'y', 'y']);
    expect([variant('CPU_CORTEX_M3=y'), variant()]).toEqual(['n', 'n']);
    expect(valuesFor('HTPW=y', 'CPU_CORTEX_M7=y', 'HTPW_VARIANT_SCALAR=y').HTPW_VARIANT_DSP).toBe('n');
  });

  it('has the variant of a core with Helium where there is one, and its registers are on', () => {
    const variant = (...settings: string[]) => valuesFor('HTPW=y', 'ARMV8_M_DSP=y', ...settings).HTPW_VARIANT_MVE;
    expect(variant('ARMV8_1_M_MVEI=y', 'FPU=y')).toBe('y');
    expect([variant('ARMV8_1_M_MVEI=y'), variant('FPU=y')]).toEqual(['n', 'n']);
  });

  it('refuses kernels that the core has no instructions for, 64 bits, big endian, and a proof of nothing', () => {
    expect(() => valuesFor('HTPW=y', 'CPU_CORTEX_M3=y', 'HTPW_VARIANT_DSP=y')).toThrow(/HTPW_VARIANT_DSP/);
    expect(() => valuesFor('64BIT=y', 'HTPW=y')).toThrow(/asked for y, is n/);
    expect(() => valuesFor('BIG_ENDIAN=y', 'HTPW=y')).toThrow(/asked for y, is n/);
    expect(() => valuesFor('HTPW=y', 'HTPW_PROVE_AGAIN=y')).toThrow(/HTPW_PROVE_AGAIN/);
    expect(valuesFor('HTPW=y', 'HTPW_LIBRARY=ecg', 'HTPW_PROVE_AGAIN=y').HTPW_PROVE_AGAIN).toBe('y');
  });

  it('has defaults that change nothing of an image', () => {
    const values = valuesFor('HTPW=y', 'LOG=y');
    expect(values).toMatchObject({ HTPW_RESIDENCY_AS_PACKED: 'y', HTPW_SMALL: 'n', HTPW_TRACE: 'n', HTPW_LIBRARY: '' });
    expect(values.HTPW_LOG_LEVEL).toBe('3');
  });

  it('has the options that the own parser finds', () => {
    const choices = new Set(options.map(({ choice }) => choice));
    const found = options.map(({ name }) => name).filter((name) => !choices.has(name));
    const given = Object.keys(valuesFor('HTPW=y', 'LOG=y')).filter((name) => name !== 'HTPW_LOG_LEVEL');
    expect(found.sort()).toEqual(given.sort());
  });
});

describe('options', () => {
  const files = readdirSync(MODULE, { recursive: true, encoding: 'utf8' });
  const named = (pattern: RegExp) =>
    files
      .filter((path) => pattern.test(path))
      .flatMap((path) => [...readFileSync(join(MODULE, path), 'utf8').matchAll(/CONFIG_(HTPW\w*)/g)])
      .map(([, name]) => name)
      .filter((name) => name !== 'HTPW_LOG_LEVEL');

  it('that apps, sources and CMake name are those of Kconfig', () => {
    const residency = /^HTPW_RESIDENCY_$/; // its values are names of files
    const unknown = named(/\.(c|h|cmake|txt|conf|yaml|rst)$/).filter(
      (name) => !names.has(name) && !residency.test(name),
    );
    expect(unknown).toEqual([]);
  });

  it('each have help and change something: C or CMake asks for them, or for another member of their choice', () => {
    const asked = new Set(named(/\.(c|h|cmake|txt)$/));
    const silent = options.filter(({ name, prompt, choice }) => {
      const members = options.filter((member) => member.choice === (choice ?? name));
      const byFile = name.startsWith('HTPW_RESIDENCY'); // CONFIG_HTPW_RESIDENCY_${residency}
      return prompt !== null && !asked.has(name) && !byFile && !members.some((member) => asked.has(member.name));
    });
    expect(silent.map(({ name }) => name)).toEqual([]);
    expect(options.filter(({ prompt, help }) => prompt !== null && help === '')).toEqual([]);
  });
});
