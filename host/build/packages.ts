/**
 * The C library as other build systems want it: the same sources, with the files and the layout of each. They compile
 * every C file below src/, so one of them chooses the variant, and the variants are files that it includes.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEVICE_VARIANT_NAMES } from '../runtime/variants.ts';
import { projectRoot } from '../system/root.ts';
import { libraryFiles, type Tailoring } from './library.ts';

export const PACKAGES = ['arduino', 'platformio', 'esp-idf', 'cmsis-pack'] as const;
export type Package = (typeof PACKAGES)[number];

type Files = Map<string, string | Uint8Array>;

interface About {
  version: string;
  description: string;
  license: string;
}

/** Where headers lie that programs include, and the files that tell a build system of the library. */
interface Layout {
  headers: string;
  files(about: About, files: Files): Promise<[path: string, content: string][]> | [path: string, content: string][];
}

const NAME = 'hypertinypw';
const VENDOR = 'hypertinypw';

/** One line, as the descriptions of packages are. */
const SENTENCE = 'Runs neural networks of hypertinypw flash images on 32-bit microcontrollers.';

const LAYOUTS: Record<Package, Layout> = {
  arduino: {
    headers: 'src', // the only folder that sketches see
    files: ({ version }, files) => [
      [
        'library.properties',
        properties({
          name: NAME,
          version,
          author: NAME,
          maintainer: NAME,
          sentence: SENTENCE,
          paragraph: 'Integer-exact, without allocation or global state; the image is proved before it runs.',
          category: 'Data Processing',
          url: '',
          architectures: '*',
          includes: [...files.keys()].some(isModel) ? 'htpw.h,htpw_model.h' : 'htpw.h',
        }),
      ],
      ...sketchOf(files),
    ],
  },
  platformio: {
    headers: 'include',
    files: ({ version, license }) => [
      [
        'library.json',
        json({
          name: NAME,
          version,
          description: SENTENCE,
          keywords: ['neural network', 'inference', 'int8', 'tinyml'],
          license,
          frameworks: '*',
          platforms: '*',
          headers: ['htpw.h'],
          build: { srcDir: 'src', includeDir: 'include' },
        }),
      ],
    ],
  },
  'esp-idf': {
    headers: 'include',
    files: ({ version, license }, files) => [
      [
        'CMakeLists.txt',
        `idf_component_register(SRCS ${sourcesOf(files)
          .map((path) => `"${path}"`)
          .join(' ')} INCLUDE_DIRS "include")\n`,
      ],
      [
        'idf_component.yml',
        `version: "${version}"\ndescription: ${SENTENCE}\nlicense: ${license}\ndependencies:\n  idf: ">=5.0"\n`,
      ],
    ],
  },
  'cmsis-pack': {
    headers: 'include',
    files: ({ version }, files) => [[`${VENDOR}.${NAME}.pdsc`, packDescription(version, files)]],
  },
};

const isModel = (path: string): boolean => path.endsWith('htpw_model.h');

/** C files that are compiled. */
const sourcesOf = (files: Files): string[] => [...files.keys()].filter((path) => path.endsWith('.c')).sort();

/** Every file of a package by its path within it. */
export async function packageFiles(as: Package, tailored: Tailoring | null, root = projectRoot()): Promise<Files> {
  const library = await libraryFiles(tailored, root);
  const { headers, files: filesOf } = LAYOUTS[as];
  const files: Files = new Map([['LICENSE', library.get('LICENSE')!]]);
  for (const [path, content] of library) {
    const [, folder, name] = /^(src|include)\/([^/]+)$/.exec(path) ?? [];
    if (folder === 'include') files.set(`${headers}/${name}`, content);
    const variant = folder && DEVICE_VARIANT_NAMES.find((one) => name === `htpw_${one}.c`);
    if (variant) files.set(`src/htpw_${variant}.inc`, content);
    else if (folder === 'src') files.set(path, content);
  }
  files.set('src/htpw.c', CHOICE);
  for (const [path, content] of await filesOf(await aboutOf(root), files)) files.set(path, content);
  return files.set('README.md', readmeOf(as, await aboutOf(root)));
}

const CHOICE = `/* The runtime for this core: with Arm's DSP extension where the compiler has it. Generated: do not edit. */
#ifdef __ARM_FEATURE_DSP
#include "htpw_dsp.inc"
#else
#include "htpw_scalar.inc"
#endif
`;

async function aboutOf(root: string): Promise<About> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as About;
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const properties = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

/** A program to begin with, for a library that has an image. */
function sketchOf(files: Files): [path: string, content: string][] {
  const model = files.get('src/htpw_model.h');
  if (model === undefined || !String(model).includes('#define HTPW_MODEL_ARENA_BYTES')) return [];
  return [
    [
      'examples/classify/classify.ino',
      `// Opens the image, runs it on whatever is in its input, and prints what it answers.
#include <htpw.h>
#include <htpw_model.h>

alignas(16) static uint8_t arena[HTPW_MODEL_ARENA_BYTES];
alignas(16) static uint8_t input[HTPW_MODEL_INPUT_BYTES];
alignas(16) static uint8_t output[HTPW_MODEL_OUTPUT_BYTES];

static bool ready = false;

void setup() {
  Serial.begin(115200);
  uint32_t refusedAt = 0;
  int32_t status = htpw_open(htpw_model, HTPW_MODEL_BYTES, &refusedAt);
  if (status >= 0) status = htpw_load(htpw_model, 0, arena, sizeof arena, nullptr, nullptr);
  if (status < 0) Serial.println(htpw_status_name(status));
  ready = status >= 0;
}

void loop() {
  // put a window of your sensor into input here: integer = value / HTPW_MODEL_INPUT_SCALE + HTPW_MODEL_INPUT_ZERO_POINT
  if (ready && htpw_invoke(arena, input, output, nullptr, nullptr) >= 0) {
    for (uint32_t i = 0; i < HTPW_MODEL_OUTPUT_BYTES; i++) {
      Serial.print(static_cast<int8_t>(output[i]));
      Serial.print(' ');
    }
    Serial.println();
  }
  delay(1000);
}
`,
    ],
  ];
}

/** CMSIS-Pack 1.7: one component, whose sources the tools compile. */
function packDescription(version: string, files: Files): string {
  const listed = [...files.keys()].filter((path) => /\.(c|h|inc)$/.test(path)).sort();
  const category = (path: string): string => (path.endsWith('.c') ? 'source' : 'header');
  const entries = listed.map((path) => `        <file category="${category(path)}" name="${path}"/>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<package schemaVersion="1.7.28" xmlns:xs="http://www.w3.org/2001/XMLSchema-instance" xs:noNamespaceSchemaLocation="PACK.xsd">
  <vendor>${VENDOR}</vendor>
  <name>${NAME}</name>
  <description>${SENTENCE}</description>
  <url/>
  <license>LICENSE</license>
  <releases>
    <release version="${version}">See CHANGELOG.md of the project.</release>
  </releases>
  <conditions>
    <condition id="Cortex-M">
      <require Dcore="Cortex-M*"/>
    </condition>
  </conditions>
  <components>
    <component Cclass="Machine Learning" Cgroup="${NAME}" Cversion="${version}">
      <description>${SENTENCE}</description>
      <files>
        <file category="include" name="include/"/>
${entries.join('\n')}
      </files>
    </component>
  </components>
</package>
`;
}

const HOW: Record<Package, string> = {
  arduino: 'Put this folder into `libraries/` of your sketchbook, or zip it for *Add .ZIP Library*.',
  platformio: 'Put this folder into `lib/` of your project, or name it in `lib_deps`.',
  'esp-idf':
    'Put this folder into `components/` of your project; a component that uses it says `REQUIRES hypertinypw`.',
  'cmsis-pack':
    'Zip the content of this folder as `hypertinypw.hypertinypw.VERSION.pack` and add it with `cpackget`, or add the folder: `cpackget add hypertinypw.hypertinypw.pdsc`.',
};

const readmeOf = (as: Package, { version }: About): string => `# hypertinypw ${version}

${HOW[as].replace('VERSION', version)}

\`htpw.h\` is the whole API, with a complete program. Nothing has to be configured: \`src/htpw.c\` takes the kernels for Arm's DSP
extension where the core has it, and asks GCC for the optimisation that they are written for. Made by \`htpw clib --as ${as}\`;
licence: Apache-2.0, in \`LICENSE\`.
`;
