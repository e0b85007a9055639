/** htpw clib: the runtime as a C library, whole or cut to images, and what it takes on each core. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import { planLibrary, type Tailoring } from '../build/library.ts';
import { type LibraryRecord, type LibrarySize, measureLibrary, ramOf, USED, WHOLE } from '../build/librarySize.ts';
import { PACKAGES, type Package } from '../build/packages.ts';
import { tailoredTo } from '../build/tailored.ts';
import { columns } from '../drawing/columns.ts';
import { currentCommit, keepsRecords, readRecord, recordPath, writeRecord } from '../measure/records.ts';
import { Runtime } from '../runtime/node.ts';
import { planOutput } from '../system/files.ts';
import { testWindows } from '../task/inputs.ts';
import { TAILOR_OPTION, writeAndPrint } from './library.ts';
import { oneOf, valued } from './options.ts';
import { print, UsageError } from './verb.ts';

interface Flags {
  output: string;
  tailor?: string[];
  residency?: string;
  input?: string;
  sizes?: boolean;
  as?: Package;
  json?: boolean;
}

const DEFAULT_FOLDER = join('dist', 'c');

export function clibVerb(program: Command): void {
  program
    .command('clib')
    .summary('the runtime as a C library, for programs that are built without Node')
    .description(
      'Write the runtime as C sources with header, CMakeLists.txt and a Makefile fragment. Tailored to images, it keeps only what they need, and contains them as htpw_model.c.',
    )
    .option('-o, --output <folder>', 'where the files go', DEFAULT_FOLDER)
    .option(...TAILOR_OPTION)
    .addOption(
      valued(
        '--as <package>',
        `for another build system than CMake, Make and Zephyr: ${PACKAGES.join(', ')}`,
        oneOf(PACKAGES),
      ),
    )
    .option('--residency <name>', 'boot, lazy or stream for the tailored images, in place of what they ask for')
    .option('--input <file>', 'also write an input to try one image with: a synthetic ECG window, or random bytes')
    .addOption(
      new Option(
        '--sizes',
        'measure flash, RAM and stack on four cores instead, print the difference to bench/clib.json and renew it',
      ).conflicts(['output', 'input', 'as']),
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw clib -o third_party/htpw\n  htpw clib --tailor models/ecg-beats.htpw -o build/ecg\n  htpw clib --tailor beats.htpw --tailor words.htpw -o build/both\n  htpw clib --tailor models/ecg-beats.htpw --as arduino -o build/ecg-arduino\n  htpw clib --tailor models/ecg-beats.htpw --sizes',
    )
    .action(async ({ output, tailor, residency, input, sizes, as, json }: Flags) => {
      if (as !== undefined && output === DEFAULT_FOLDER)
        throw new UsageError(`clib: --as ${as} needs a folder of its own; give -o <folder>`);
      if (tailor === undefined && (residency ?? input) !== undefined)
        throw new UsageError('--residency and --input are about an image: name it with --tailor');
      if (tailor && tailor.length > 1 && input !== undefined)
        throw new UsageError(
          `--input is for one image, --tailor names ${tailor.length}; write an input for each by itself`,
        );
      const folder = sizes ? null : planLibrary(output);
      const window = input === undefined ? undefined : planOutput(input, { inputs: tailor });
      const tailored = tailor ? tailoredTo(tailor, residency) : null;
      if (folder === null) await printSizes(tailored, json);
      else await writeAndPrint(folder, tailored, json, input, as);
      if (tailored) window?.write(testWindows(new Runtime(tailored.models[0].image), 1, 'synthetic-easy').windows[0]);
    });
}

const RECORD = 'clib';

const EMPTY: LibraryRecord = { commit: '', libraries: {} };

async function printSizes(tailored: Tailoring | null, json?: boolean): Promise<void> {
  const name = tailored ? tailored.models.map((model) => basename(model.name, '.htpw')).join(' + ') : WHOLE;
  const keeps = keepsRecords(); // an installed package keeps none
  if (keeps) planOutput(recordPath(RECORD));
  const measured = await measureLibrary(tailored);
  const before: LibraryRecord = existsSync(recordPath(RECORD)) ? readRecord(RECORD) : EMPTY;
  const ram = ramOf(tailored);
  print(json, { library: name, ram, sizes: measured }, () => {
    const recorded = before.libraries[name]?.sizes ?? [];
    const found = (now: LibrarySize) => recorded.find(({ core, option }) => core === now.core && option === now.option);
    return [
      `${name}: bytes; in brackets the difference to bench/clib.json${before.commit && `, commit ${before.commit}`}`,
      ram
        ? `RAM: arena ${ram.arena}, input ${ram.input}, output ${ram.output}`
        : 'RAM: none; arena, input and output depend on the image',
      columns([
        ['core', 'option', 'flash', '', 'linked', '', 'whole API', '', 'stack: open', 'load', 'invoke', ''],
        ...measured.map((now) => sizeRow(now, found(now))),
      ]),
      '',
      `${measured[0].core}, function by function, each with its own stack:`,
      columns(measured[0].functions.map(({ name, flash, stack }) => [name, flash, stack])),
    ].join('\n');
  });
  if (!keeps) return;
  const sizes = measured.map(({ functions: _, ...size }) => size);
  const libraries = { ...before.libraries, [name]: { ram, sizes } };
  writeRecord(RECORD, { commit: await currentCommit(), libraries });
}

/** A size beside its record, differences in brackets. */
function sizeRow(now: LibrarySize, recorded?: Omit<LibrarySize, 'functions'>): (string | number)[] {
  const difference = (count: number, before: number | undefined) => {
    if (before === undefined) return '(new)';
    return count === before ? '' : `(${count > before ? '+' : ''}${count - before})`;
  };
  const stacks = USED.map((name) => now.stack[name]);
  const before = recorded && USED.map((name) => recorded.stack[name]);
  return [
    now.core,
    now.option,
    now.flash,
    difference(now.flash, recorded?.flash),
    now.linked,
    difference(now.linked, recorded?.linked),
    now.flashOfAll,
    difference(now.flashOfAll, recorded?.flashOfAll),
    ...stacks,
    stacks.map((bytes, i) => difference(bytes, before?.[i])).join(''),
  ];
}
