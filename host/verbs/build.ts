/** htpw build: firmware of a board with an image, or the C sources of a tailored library. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type Board, boardNames, loadBoard } from '../boards/board.ts';
import { BARE, buildFirmware, type Firmware } from '../build/firmware.ts';
import { imageFor } from '../build/placedImage.ts';
import { columns } from '../drawing/columns.ts';
import { titleOf } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { projectRoot } from '../system/root.ts';
import { RESIDENCY_OPTION } from './image.ts';
import { buildTailored, TAILOR_OPTION } from './library.ts';
import { print, UsageError } from './verb.ts';

const ECG = 'models/ecg-beats.htpw';
/** That of a clone, or else the one that an installed package brings. */
export const DEFAULT_MODEL = existsSync(ECG) ? ECG : join(projectRoot(), ECG);

interface Flags {
  model: string;
  residency?: string;
  bare?: boolean;
  tailor?: string[];
  output?: string;
  json?: boolean;
}

export function buildVerb(program: Command): void {
  program
    .command('build [board]')
    .summary('firmware of a board with an image in it, or the C sources that an image needs')
    .description(
      `Compile the runtime, the agent and an image for a board: ELF, BIN, HEX and MAP, for some boards UF2, under build/. Fails when it exceeds the board's budget.\nA board is one of the following, or the path of a folder with a board.json (docs/porting.md): ${boardNames().join(', ')}`,
    )
    .option('--model <image>', 'image to embed', DEFAULT_MODEL)
    .option(...RESIDENCY_OPTION)
    .option('--bare', 'without the agent: open, load and invoke for ever; what flash and RAM the network itself takes')
    .addOption(
      new Option(
        TAILOR_OPTION[0],
        'no board: C sources with what this image needs of the runtime, as htpw clib --tailor',
      )
        .argParser(TAILOR_OPTION[2])
        .conflicts(['bare', 'model']),
    )
    .option(
      '-o, --output <folder>',
      'with --tailor: where the sources go; default: build/<image>, for several images there is none',
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw build nucleo-f767zi\n  htpw build microbit --model models/ecg-beats.htpw --json\n  htpw build mps2-an500 --bare\n  htpw build ./my-board\n  htpw build --tailor models/ecg-beats.htpw',
    )
    .action(async (name: string | undefined, options: Flags) => {
      if (options.tailor !== undefined) {
        if (name !== undefined) throw new UsageError(`--tailor is for no board: leave out ${name} or --tailor`);
        if (options.tailor.length > 1 && options.output === undefined)
          throw new UsageError(`--tailor names ${options.tailor.length} images: say with -o where their sources go`);
        const output = options.output ?? join('build', titleOf(options.tailor[0]));
        return buildTailored(options.tailor, { ...options, output });
      }
      if (options.output !== undefined) throw new UsageError('-o is for --tailor: firmware goes to build/<board>');
      if (name === undefined)
        throw new UsageError(`expected a board (${boardNames().join(', ')}) or --tailor <image>, got neither`);
      const board = loadBoard(name);
      const { imagePath, residency } = imageFor(options.model, board, options.residency);
      const firmware = options.bare
        ? await buildFirmware(board, imagePath, { main: BARE, name: `${titleOf(imagePath)}-bare` })
        : await buildFirmware(board, imagePath);
      print(options.json, { ...firmware, residency }, () => render(board, firmware, residency));
    });
}

const MEANING: Record<string, string> = {
  '.boot': 'what the boot ROM runs first',
  '.vectors': 'vector table',
  '.image': 'the image',
  '.text': 'code and constants: runtime, program, drivers',
  '.data': 'initialised variables',
  '.stack': 'stack',
  '.bss': 'arena, input, output, buffers',
};

/** Sizes only of devices: the host board carries the sanitizers and a block of 16 MiB. */
function render({ name, memory, budget, uf2 }: Board, firmware: Firmware, residency: string | null): string {
  const { elf, sections } = firmware;
  if (!memory || !budget) return `${name}: ${elf}`;
  const lines = (of: Record<string, number>) =>
    Object.entries(of).map(([name, bytes]) => [`  ${name}`, bytes, MEANING[name] ?? '']);
  const table = columns([
    ['flash', firmware.flashBytes, `of ${grouped(budget.flashBytes)} bytes`],
    ...lines(sections.flash),
    ['RAM', firmware.ramBytes, `of ${grouped(budget.ramBytes)} bytes`],
    ...lines(sections.ram),
    ['runtime', firmware.runtimeTextBytes, 'bytes of .text: open, load, invoke and the operators of this image'],
  ]);
  const note = residency ? `weights are resident by "${residency}", not as the image asks\n` : '';
  return `${table}\n${note}${name}: ${elf.replace(/\.elf$/, '')}.{${['elf', 'bin', 'hex', 'map', ...(uf2 ? ['uf2'] : [])].join()}}`;
}
