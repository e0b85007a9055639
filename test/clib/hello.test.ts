/** examples/hello, as someone without Node builds it: with make and with CMake, from the library's folder alone. */
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Runtime } from '../../host/runtime/node.ts';
import { ECG, emptyFolder, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { library } from './write.ts';

const HELLO = join(root, 'examples', 'hello');
const CLASSES = ['N, normal', 'S, supraventricular', 'V, ventricular', 'F, fusion'];
const needs = (...tools: string[]) => tools.every(onPath);
const EMULATED = needs('arm-none-eabi-gcc', 'qemu-system-arm');

/** What the WebAssembly says of the example's window. */
function expectedClass(): string {
  const runtime = new Runtime(new Uint8Array(readFileSync(ECG)));
  runtime.load(0);
  const scores = new Int8Array(runtime.run(new Uint8Array(readFileSync(join(HELLO, 'window.bin')))).slice().buffer);
  return CLASSES[scores.indexOf(Math.max(...scores))];
}

const emulate = (elf: string) =>
  output('qemu-system-arm', [
    ...'-M mps2-an500 -nographic -semihosting-config enable=on,target=native -kernel'.split(' '),
    elf,
  ]).trim();

/** A folder with links to the named programs and nothing else: a PATH without Node. */
function pathWith(tools: string[]): string {
  const folder = emptyFolder('path');
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const tool of tools) {
    const found = folders.map((each) => join(each, tool)).find(existsSync);
    if (found) symlinkSync(found, join(folder, tool));
  }
  return folder;
}
let whole: string;
let tailored: string;
beforeAll(async () => {
  whole = await library();
  tailored = await library(ECG);
}, 600_000);
afterAll(() => {
  for (const folder of [whole, tailored]) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!EMULATED || !onPath('make'))('examples/hello with make', () => {
  const make = (htpw: string, ...settings: string[]) => {
    const tools = pathWith(['make', 'sh', 'mkdir', 'printf', 'arm-none-eabi-gcc', 'qemu-system-arm']);
    const words = ['-s', '-C', HELLO, `HTPW=${htpw}`, `BUILD=${emptyFolder('hello')}`, ...settings, 'run'];
    return output('make', words, { env: { PATH: tools } }).trim();
  };

  it('is built without Node and prints the class that the WebAssembly finds', { timeout: 120_000 }, () => {
    expect(expectedClass()).toBe('V, ventricular');
    expect(make(whole)).toBe(expectedClass());
  });

  it('prints the same with either variant, with less code, and tailored to its image', { timeout: 240_000 }, () => {
    const expected = expectedClass();
    expect(make(whole, 'HTPW_VARIANT=scalar')).toBe(expected);
    expect(make(whole, 'HTPW_SMALL=1')).toBe(expected);
    expect(make(tailored)).toBe(expected);
  });

  it('tailored, answers an image that it was not made for with BAD_CRC', { timeout: 120_000 }, () => {
    expect(make(tailored, `IMAGE=${join(root, 'models', 'controls', 'ecg-beats-int8.htpw')}`)).toBe('BAD_CRC');
  });

  it('refuses a variant that there is not by its name', () => {
    expect(() => make(whole, 'HTPW_VARIANT=neon')).toThrow(/expected auto, scalar, dsp or mve, got "neon"/);
  });
});

describe.skipIf(!EMULATED || !needs('cmake', 'ninja'))('examples/hello with CMake', () => {
  const configure = (...settings: string[]) => {
    const build = emptyFolder('hello-cmake');
    const toolchain = `-DCMAKE_TOOLCHAIN_FILE=${join(HELLO, 'mps2-an500.cmake')}`;
    const log = output('cmake', ['-G', 'Ninja', '-S', HELLO, '-B', build, toolchain, ...settings]);
    return { build, log };
  };
  const built = (...settings: string[]) => {
    const { build } = configure(...settings);
    output('cmake', ['--build', build]);
    return build;
  };

  it('takes the library as a folder, and its DSP variant for a Cortex-M7', { timeout: 240_000 }, () => {
    const build = built(`-DHTPW=${whole}`);
    expect(emulate(join(build, 'hello.elf'))).toBe(expectedClass());
    expect(output('ninja', ['-C', build, '-t', 'commands'])).toMatch(/-fno-ivopts.*htpw_dsp\.c/);
  });

  it('takes it installed, whatever build type the program has', { timeout: 240_000 }, () => {
    const [libraryBuild, prefix] = [emptyFolder('install'), emptyFolder('prefix')];
    const toolchain = `-DCMAKE_TOOLCHAIN_FILE=${join(HELLO, 'mps2-an500.cmake')}`;
    output('cmake', ['-G', 'Ninja', '-S', whole, '-B', libraryBuild, toolchain, `-DCMAKE_INSTALL_PREFIX=${prefix}`]);
    output('cmake', ['--build', libraryBuild, '--target', 'install']);
    const build = built(`-Dhypertinypw_DIR=${prefix}/lib/cmake/hypertinypw`, '-DCMAKE_BUILD_TYPE=Release');
    expect(output('ninja', ['-C', build, '-t', 'commands'])).not.toContain('htpw_dsp.c');
    expect(emulate(join(build, 'hello.elf'))).toBe(expectedClass());
  });

  it('refuses a variant that there is not by its name', { timeout: 60_000 }, () => {
    expect(() => configure(`-DHTPW=${whole}`, '-DHTPW_VARIANT=neon')).toThrow(
      /expected auto,\s+scalar,\s+dsp\s+or\s+mve,\s+got\s+"neon"/,
    );
  });
});

describe('examples/hello/window.bin', () => {
  it('is what its command writes', async () => {
    const { main } = await import('../../host/cli.ts');
    const folder = emptyFolder('window');
    const command = ['clib', '--tailor', ECG, '-o', folder, '--input', join(folder, 'window.bin'), '--json'];
    expect(await main(command)).toBe(0);
    expect(readFileSync(join(folder, 'window.bin'))).toEqual(readFileSync(join(HELLO, 'window.bin')));
  });
});
