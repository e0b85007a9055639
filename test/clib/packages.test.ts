/** The library for other build systems: their files are there and agree, and what they compile is one library. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tailoring } from '../../host/build/library.ts';
import { PACKAGES, type Package, packageFiles } from '../../host/build/packages.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { ECG, emptyFolder } from '../paths.ts';
import { onPath, output } from '../programs.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const folders = new Map<string, string>();

/** For one image, or for any. */
async function written(as: Package, image: string | null): Promise<string> {
  const folder = emptyFolder(as);
  const tailored = image === null ? null : tailoring('ecg-beats.htpw', new Uint8Array(readFileSync(image)));
  for (const [path, content] of await packageFiles(as, tailored)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

beforeAll(async () => {
  for (const as of PACKAGES) folders.set(as, await written(as, ECG));
}, 300_000);

const read = (as: Package, path: string): string => readFileSync(join(folders.get(as)!, path), 'utf8');
const filesOf = (as: Package): string[] =>
  (readdirSync(folders.get(as)!, { recursive: true }) as string[]).map((path) => path.replaceAll('\\', '/')).sort();

const HEADERS: Record<Package, string> = {
  arduino: 'src',
  platformio: 'include',
  'esp-idf': 'include',
  'cmsis-pack': 'include',
};
const CORES = ['cortex-m7', 'cortex-m0'];

describe.each(PACKAGES)('a package for %s', (as) => {
  it('has sources, headers, licence, and nothing of another build system', () => {
    const files = filesOf(as);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'src/htpw.c', 'src/htpw_model.c']));
    expect(files).toContain(`${HEADERS[as]}/htpw.h`);
    expect(files).not.toContain('htpw.mk');
    expect(files.filter((path) => path.endsWith('CMakeLists.txt')).length).toBe(as === 'esp-idf' ? 1 : 0);
    expect(read(as, 'README.md')).toContain(`htpw clib --as ${as}`);
  });

  it.skipIf(!onPath('arm-none-eabi-gcc')).each(CORES)(
    'is one library on a %s when every C file below src is compiled',
    (core) => {
      const folder = folders.get(as)!;
      const objects = filesOf(as)
        .filter((path) => /^src\/.*\.c$/.test(path))
        .map((path) => {
          const object = join(folder, `${path.replaceAll('/', '-')}-${core}.o`);
          const flags = [
            `-mcpu=${core}`,
            '-mthumb',
            '-Os',
            '-Wall',
            '-Werror',
            '-ffreestanding',
            `-I${join(folder, HEADERS[as])}`,
          ];
          output('arm-none-eabi-gcc', [...flags, '-c', join(folder, path), '-o', object]);
          return object;
        });
      expect(objects.length).toBe(2);
      const whole = join(folder, `whole-${core}.o`);
      output('arm-none-eabi-gcc', [`-mcpu=${core}`, '-mthumb', '-nostdlib', '-r', ...objects, '-o', whole]); // names once
      const names = output('arm-none-eabi-nm', ['--defined-only', '--extern-only', whole]);
      for (const name of ['htpw_open', 'htpw_load', 'htpw_invoke', 'htpw_model'])
        expect(names).toMatch(new RegExp(` ${name}$`, 'm'));
    },
  );
});

describe('the files of each build system', () => {
  it('library.properties has every field that Arduino asks for', () => {
    const fields = new Map(
      read('arduino', 'library.properties')
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s) as [string, string]),
    );
    expect([...fields.keys()]).toEqual(
      expect.arrayContaining('name version author maintainer sentence paragraph category url architectures'.split(' ')),
    );
    expect(fields.get('version')).toBe(version);
    for (const header of fields.get('includes')!.split(',')) expect(filesOf('arduino')).toContain(`src/${header}`);
  });

  it.skipIf(!onPath('arm-none-eabi-g++'))('the example of Arduino is C++ that compiles against the library', () => {
    const folder = folders.get('arduino')!;
    const core = join(folder, 'Arduino.h');
    writeFileSync(
      core,
      'struct SerialPort { void begin(long); template <class T> void print(T); template <class T> void println(T); void println(); };\n' +
        'extern SerialPort Serial;\nvoid delay(unsigned long);\n',
    );
    const sketch = join(folder, 'examples/classify/classify.ino');
    const flags = ['-mcpu=cortex-m4', '-mthumb', '-std=gnu++11', '-Wall', '-Werror', '-fsyntax-only'];
    output('arm-none-eabi-g++', [...flags, `-I${folder}/src`, '-include', core, '-x', 'c++', sketch]);
  });

  it('library.json names folders that are there', () => {
    const library = JSON.parse(read('platformio', 'library.json'));
    expect(library).toMatchObject({ name: 'hypertinypw', version, license: 'Apache-2.0', headers: ['htpw.h'] });
    for (const folder of [library.build.srcDir, library.build.includeDir])
      expect(existsSync(join(folders.get('platformio')!, folder))).toBe(true);
  });

  it.skipIf(!onPath('cmake'))('the component of ESP-IDF registers exactly its C files', () => {
    const folder = folders.get('esp-idf')!;
    const script = join(folder, 'register.cmake');
    writeFileSync(
      script,
      `function(idf_component_register)
  cmake_parse_arguments(C "" "" "SRCS;INCLUDE_DIRS" \${ARGN})
  message("SRCS \${C_SRCS} DIRS \${C_INCLUDE_DIRS} REST \${C_UNPARSED_ARGUMENTS}")
endfunction()
include(\${CMAKE_CURRENT_LIST_DIR}/CMakeLists.txt)
`,
    );
    const said = output('sh', ['-c', `cmake -P '${script}' 2>&1`]);
    expect(said.trim()).toBe('SRCS src/htpw.c;src/htpw_model.c DIRS include REST');
    expect(read('esp-idf', 'idf_component.yml')).toContain(`version: "${version}"`);
  });

  it('the description of the CMSIS pack is well-formed and lists every file of the library once', () => {
    const text = read('cmsis-pack', 'hypertinypw.hypertinypw.pdsc');
    const open: string[] = [];
    for (const [, close, name, empty] of text.replace(/<\?.*\?>/, '').matchAll(/<(\/?)([\w:]+)[^>]*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name!);
    }
    expect(open).toEqual([]);
    const listed = [...text.matchAll(/category="(?:source|header)" name="([^"]+)"/g)].map(([, path]) => path);
    expect(listed.sort()).toEqual(filesOf('cmsis-pack').filter((path) => /^(src|include)\/.*\.(c|h|inc)$/.test(path)));
    expect(text).toContain(`<release version="${version}">`);
  });
});

describe('htpw clib --as', () => {
  it('writes a package', async () => {
    const folder = emptyFolder('as');
    const { code, out } = await htpw('clib', '--tailor', ECG, '--as', 'platformio', '-o', folder, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).files).toEqual(
      expect.arrayContaining(['library.json', 'src/htpw.c', 'include/htpw_model.h']),
    );
  });

  it.each([
    [['--as', 'keil', '-o', 'x'], /--as must be one of arduino, platformio, esp-idf, cmsis-pack, got "keil"/],
    [['--as', 'arduino'], /--as arduino needs a folder of its own; give -o <folder>/],
  ])('refuses %j', async (words, says) => {
    const { code, error } = await htpw('clib', ...words);
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
  });
});
