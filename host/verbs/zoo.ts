/** htpw zoo: the best recorded image of each task within each budget, with its card. */
import { existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { chosenForZoo, type Exhibit, namesLeft, recordedImages } from '../evidence/zoo.ts';
import { zooPage } from '../pages/zoo.ts';
import { type Grid, needsOf, readGrid } from '../sweep/grid.ts';
import { type Folders, imagePath } from '../sweep/perform.ts';
import { runVerb } from '../system/child.ts';
import { counted } from '../system/counted.ts';
import { isRegularFile, readInput, writeWhole } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { buildFolder, projectRoot } from '../system/root.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { shownPath } from '../system/shownPath.ts';
import { commandOf } from './options.ts';
import { print, withProgress } from './verb.ts';

interface ZooFlags {
  records?: string;
  images?: string;
  output?: string;
  list?: boolean;
  json?: boolean;
}

export function zooVerb(program: Command): void {
  program
    .command('zoo [grid]')
    .summary('the best recorded image of each task within each budget, with its card')
    .description(
      'Choose, from the records of a grid (default models/sweeps/pareto.json), the best image of each task within 8, 16, 32 and 64 kB by validation windows alone, and write it with its card to models/zoo; what was chosen there before and is no longer is removed. An image that is not there any more is trained again, with what teaches it, and must come to the SHA-256 of its record. Cards need the recordings (HTPW_DATA).',
    )
    .option('--records <folder>', 'where records are; default: the folder that the grid names')
    .option('--images <folder>', 'where images are; default build/sweeps/<name of the grid>')
    .option('-o, --output <folder>', 'where images and cards go; default models/zoo')
    .option('--list', 'say what would be chosen, and write nothing')
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw zoo --list\n  htpw zoo\n  htpw zoo models/sweeps/pareto.json --images build/sweeps/pareto -o build/zoo',
    )
    .action(async (path: string | undefined, flags: ZooFlags) => {
      const file = path ?? ofProject('models', 'sweeps', 'pareto.json');
      const grid = readGrid(file);
      const records = flags.records ?? grid.records;
      const folders: Folders = {
        records,
        images: flags.images ?? relative('', join(buildFolder(), 'sweeps', grid.name)),
      };
      const exhibits = chosenForZoo({ ...grid, records });
      const folder = flags.output ?? ofProject('models', 'zoo');
      const written = flags.list !== true && exhibits.length > 0;
      if (written) await collect(grid, exhibits, folders, folder);
      const result = {
        grid: grid.name,
        folder,
        written,
        removed: written ? removeOthers({ ...grid, records }, exhibits, folder) : [],
        images: exhibits.map(({ name, task, budgets, run, record: { image, results } }) => ({
          name,
          task,
          budgets,
          run: run.id,
          bytes: image.bytes,
          sha256: image.sha256,
          validation: results[0]!.splits.validation!.macroF1.value,
        })),
      };
      print(flags.json, result, () => said(result, file));
    });
}

/** From where the command is called, so that cards name no place of a machine. */
const ofProject = (...path: string[]): string => relative('', join(projectRoot(), ...path));

function said(
  { images, folder, written, removed }: { images: Shown[]; folder: string; written: boolean; removed: string[] },
  grid: string,
): string {
  if (images.length === 0)
    return `no run of ${grid} is recorded that could be chosen; ${commandOf('npx', 'htpw', 'sweep', grid)}`;
  return [
    ...images.map(
      ({ name, run, bytes, validation }) =>
        `${name}: ${run}, ${grouped(bytes)} bytes, validation ${validation.toFixed(3)}`,
    ),
    ...removed.map((name) => `${name}: removed, no longer the best of a budget of its own`),
    written ? `${shownPath(folder)}: ${counted(images.length, 'image')} with cards` : 'nothing written',
  ].join('\n');
}

interface Shown {
  name: string;
  run: string;
  bytes: number;
  validation: number;
}

/** Images where they are, else trained again; the card is that of `htpw card`, beside the INT8 image that taught, if one did. */
async function collect(grid: Grid, exhibits: readonly Exhibit[], folders: Folders, folder: string): Promise<void> {
  await withProgress('zoo', async (report) => {
    for (const [i, { name, run }] of exhibits.entries()) {
      report(i, exhibits.length, name);
      const runs = [...needsOf(run), run.id];
      for (const id of runs.filter((one) => !existsSync(imagePath(folders, one)))) await again(grid, id, folders);
      const image = join(folder, `${name}.htpw`);
      writeWhole(image, readInput(imagePath(folders, run.id)));
      const made = commandOf('htpw', 'sweep', grid.path, '--run', run.id);
      const controls = needsOf(run).map((need) => imagePath(folders, need));
      await runVerb(['card', image, ...controls, '--made', made], () => {});
    }
    writeWhole(join(folder, 'README.md'), zooPage(exhibits));
  });
}

/** Image and card of what an earlier choice from this grid has left, and of nothing else. Returns the names. */
function removeOthers(grid: Grid, exhibits: readonly Exhibit[], folder: string): string[] {
  const own = recordedImages(grid);
  const pathOf = (name: string): string => join(folder, `${name}.htpw`);
  const left = namesLeft(exhibits).filter(
    (name) => isRegularFile(pathOf(name)) && own.has(sha256Hex(readInput(pathOf(name)))),
  );
  for (const name of left) {
    rmSync(join(folder, `${name}.md`), { force: true });
    rmSync(pathOf(name)); // last: where it is, another call finds both
  }
  return left;
}

function again({ path }: Grid, id: string, { records, images }: Folders): Promise<void> {
  return runVerb(['sweep', path, '--run', id, '--records', records, '--images', images], () => {});
}
