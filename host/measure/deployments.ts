/**
 * What every image takes on every board: sizes of its firmware there, instructions on the emulated board of its core.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Board, emulationOf, listBoards } from '../boards/board.ts';
import { measureFirmware } from '../build/firmware.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { ImageView } from '../records/view.ts';
import { uniformImage } from '../residency/costs.ts';
import { measureCosts } from '../residency/measure.ts';
import { runNode } from '../system/process.ts';
import { projectRoot } from '../system/root.ts';

/** How weights that need materialising are held: in a cache from boot on, in scratch, or there are none. */
export type Held = 'boot' | 'stream' | 'in flash';

/** One image, held one way, on one board. Sizes in bytes, counts in instructions, of the first program. */
export interface Deployment {
  board: string;
  held: Held;
  flashBytes: number;
  ramBytes: number;
  arenaBytes: number;
  /** used, measured; null where the board itself is not emulated */
  stackUsed: number | null;
  boot: number;
  inference: number;
}

export interface ImageDeployments {
  /** relative to the project */
  path: string;
  imageBytes: number;
  deployments: Deployment[];
}

/** bench/deploy.json */
export interface DeployRecord {
  images: ImageDeployments[];
  /** what the commands print that docs/residency.md shows, by command */
  examples: Record<string, string>;
}

/** models/, models/controls/ and, where there is one, models/zoo/, in this order. */
export function committedImages(root = projectRoot()): string[] {
  const folders = ['models', 'models/controls', 'models/zoo'].filter((folder) => existsSync(join(root, folder)));
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.htpw'))
      .sort()
      .map((name) => `${folder}/${name}`),
  );
}

/** Boards with a memory that can be too small: all but this computer. */
export function deviceBoards(root = projectRoot()): Board[] {
  return listBoards(root).filter(({ memory }) => memory !== undefined);
}

/** The ways in which the weights of an image can be held; one when all of them are stored INT8. */
export function waysToHold(image: Uint8Array): { held: Held; image: Uint8Array }[] {
  const [boot, stream] = [uniformImage(image, 'boot'), uniformImage(image, 'stream')];
  if (Buffer.from(boot).equals(Buffer.from(stream))) return [{ held: 'in flash', image: boot }];
  return [
    { held: 'boot', image: boot },
    { held: 'stream', image: stream },
  ];
}

/** Builds and runs everything; some minutes. `commands` are those of htpw to run as examples. */
export async function measureDeployments(
  commands: readonly string[],
  report?: (done: number, total: number, note: string) => void,
): Promise<DeployRecord> {
  const images = await measureImages(report);
  const examples: Record<string, string> = {};
  for (const command of commands)
    examples[command] = await runNode(join(projectRoot(), 'scripts', 'htpw.js'), command.split(' '), projectRoot());
  return { images, examples };
}

async function measureImages(
  report: (done: number, total: number, note: string) => void = () => {},
): Promise<ImageDeployments[]> {
  const boards = deviceBoards();
  const images = committedImages();
  const all: ImageDeployments[] = [];
  for (const [i, path] of images.entries()) {
    const image = new Uint8Array(readFileSync(join(projectRoot(), path)));
    const deployments: Deployment[] = [];
    for (const [b, board] of boards.entries()) {
      for (const way of waysToHold(image)) {
        report(i * boards.length + b, images.length * boards.length, `${path} on ${board.name}, ${way.held}`);
        deployments.push(await deploy(path, way, board));
      }
    }
    all.push({ path, imageBytes: image.length, deployments });
  }
  return all;
}

async function deploy(
  path: string,
  { held, image }: { held: Held; image: Uint8Array },
  board: Board,
): Promise<Deployment> {
  const placed = placeUnderBuild(path, image);
  const emulated = emulationOf(board);
  const { flashBytes, ramBytes, arenaBytes } = await measureFirmware(board, placed);
  const { programs, stackUsed } = await counts(placed, image, emulated);
  return {
    board: board.name,
    held,
    flashBytes,
    ramBytes,
    arenaBytes,
    stackUsed: emulated.name === board.name ? stackUsed : null,
    boot: programs[0].boot,
    inference: programs[0].steady,
  };
}

const counted = new Map<string, ReturnType<typeof measureCosts>>();

/** The same image on the same emulated board is run once, for however many boards that stands. */
function counts(placed: string, image: Uint8Array, emulated: Board): ReturnType<typeof measureCosts> {
  const key = `${emulated.name} ${placed}`;
  const known = counted.get(key) ?? measureCosts(placed, new ImageView(image), emulated);
  counted.set(key, known);
  return known;
}
