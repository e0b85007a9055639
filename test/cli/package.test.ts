/** The npm package, as a user installs it: no sources of the host, none of the tools that only a clone has. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVICE_VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { HAS_ARM_COMPILER } from '../boards/runnable.ts';

const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'package-'));
const installed = join(folder, 'node_modules', 'hypertinypw');
let files: string[];

function run(program: string, words: string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: expected exit code 0, got ${status}\n${stderr}`);
  return stdout;
}
const htpw = (...words: string[]) => run(process.execPath, [join(installed, 'scripts', 'htpw.js'), ...words], folder);

/** Packs, unpacks, and gives it the packages that it depends on, and no others. */
beforeAll(() => {
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], root).replace(/^[^[]*/, ''),
  );
  files = packed[0].files.map(({ path }: { path: string }) => path);
  mkdirSync(installed, { recursive: true });
  run('tar', ['xzf', join(folder, packed[0].filename), '-C', installed, '--strip-components=1'], folder);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const link = join(installed, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the npm package', () => {
  it('has the C library, which is a Zephyr module, and nothing that an earlier version left in dist/c', () => {
    const library = files.filter((path) => /^dist\/c\/[^/]+(\/[^/]+)?$/.test(path)).map((path) => path.slice(7));
    expect(library.sort()).toEqual(
      [
        ...['.htpw-files.json', 'CMakeLists.txt', 'LICENSE', 'README.md', 'htpw.mk', 'include/htpw.h'],
        ...['', '-boot', '-lazy', '-stream'].map((residency) => `models/ecg-beats${residency}.htpw`),
        'src/htpw_config.h',
        ...DEVICE_VARIANT_NAMES.map((variant) => `src/htpw_${variant}.c`),
        ...['zephyr/CMakeLists.txt', 'zephyr/Kconfig', 'zephyr/module.yml'],
      ].sort(),
    );
  });

  it('has neither tests nor sources of the host', () => {
    expect(files.filter((path) => /^(test|host|build|bench|node_modules)\//.test(path))).toEqual([]);
  });

  it('cuts the library to an image, as a clone does', () => {
    const model = join(installed, 'models', 'ecg-beats.htpw');
    htpw('build', '--tailor', model, '-o', 'mine');
    run(
      process.execPath,
      [join(root, 'scripts', 'htpw.js'), 'build', '--tailor', model, '-o', join(folder, 'clone')],
      root,
    );
    for (const name of DEVICE_VARIANT_NAMES.map((variant) => join('src', `htpw_${variant}.c`)))
      expect(readFileSync(join(folder, 'mine', name)).equals(readFileSync(join(folder, 'clone', name)))).toBe(true);
  });

  it.skipIf(!HAS_ARM_COMPILER)(
    'builds firmware where it is called, of the image that it brings',
    { timeout: 120_000 },
    () => {
      htpw('build', 'mps2-an500');
      const [build] = readdirSync(join(folder, 'build', 'mps2-an500')).filter((name) =>
        /^ecg-beats-[0-9a-f]{8}$/.test(name),
      );
      expect(readdirSync(join(folder, 'build', 'mps2-an500', build))).toContain('firmware.elf');
    },
  );

  it('refuses to go on with a runtime that is not the one that was published', () => {
    const wasm = join(installed, 'dist', 'runtime', 'htpw_dsp.c');
    rmSync(wasm);
    expect(() => htpw('clib', '-o', 'other')).toThrow(
      /dist\/runtime\/htpw\.dsp\.wasm: missing or changed.*install again/,
    );
  });
});
