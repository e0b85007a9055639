import type { Command } from 'commander';
import { boardNames, loadBoard } from '../board/board.ts';
import { buildFirmware, type Firmware } from '../board/firmware.ts';
import { columns, print } from './verb.ts';

export const DEFAULT_MODEL = 'models/ecg-beats.htpw';

export function buildVerb(program: Command): void {
  program
    .command('build <board>')
    .summary('firmware of a board with an image in it')
    .description(
      `Compile the runtime, the agent and an image for a board: ELF, BIN, HEX and MAP under build/. Fails when it exceeds the board's budget.\nBoards: ${boardNames().join(', ')}`,
    )
    .option('--model <image>', 'image to embed', DEFAULT_MODEL)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw build nucleo-f767zi\n  htpw build microbit --model models/ecg-beats.htpw --json',
    )
    .action(async (board: string, options: { model: string; json?: boolean }) => {
      const firmware = await buildFirmware(board, options.model);
      print(options.json, firmware, () => render(firmware));
    });
}

/** Sizes only of devices: the host board carries the sanitizers and a block of 16 MiB. */
function render(firmware: Firmware): string {
  const { board, elf } = firmware;
  if (!loadBoard(board).memory) return `${board}: ${elf}`;
  const sizes = columns([
    ['flash', firmware.flashBytes, 'bytes'],
    ['RAM', firmware.ramBytes, 'bytes, arena and stack included'],
    ['code', firmware.textBytes, 'bytes'],
    ['  of it the runtime', firmware.runtimeTextBytes, 'bytes'],
  ]);
  return `${sizes}\n${board}: ${elf.replace(/\.elf$/, '')}.{elf,bin,hex,map}`;
}
