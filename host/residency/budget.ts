/** How much arena there may be: as given, or what a board's RAM leaves. */
import { ARENA_UNIT } from '../../assembly/format.ts';
import type { Board } from '../boards/board.ts';
import { measureFirmware } from '../build/firmware.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { uniformImage } from './costs.ts';

const FACTORS: Record<string, number> = {
  '': 1,
  B: 1,
  k: 1024, // as data sheets of microcontrollers mean it
  KiB: 1024,
  kB: 1000,
  M: 1024 * 1024,
  MiB: 1024 * 1024,
  MB: 1_000_000,
};

/**
 * Bytes of "64KiB", "64k" (both 65,536), "64kB" (64,000) or "65536"; throws for anything else. `of` names the memory.
 */
export function parseBytes(text: string, of: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (FACTORS[unit] ?? Number.NaN));
  if (bytes > 0) return bytes;
  throw new Error(`expected an amount of ${of} such as 64k (= 64 KiB), 64KiB, 64kB or 65536, got "${text}"`);
}

/**
 * The largest arena, in bytes, that a board has RAM for: its budget without stack, input, output and all that the
 * program has in RAM. Builds the board's firmware to know.
 */
export async function arenaBudget(board: Board, imagePath: string): Promise<number> {
  if (!board.budget) throw new Error(`${board.name}: has no RAM budget; give one with --sram`);
  const { ramBytes, arenaBytes } = await measureFirmware(board, imagePath);
  const left = board.budget.ramBytes - (ramBytes - arenaBytes);
  return Math.max(0, Math.floor(left / ARENA_UNIT) * ARENA_UNIT);
}

/** That of an image on a board. What does not depend on residency is measured with all weights streamed. */
export function imageBudget(board: Board, path: string, image: Uint8Array): Promise<number> {
  return arenaBudget(board, placeUnderBuild(path, uniformImage(image, 'stream')));
}
