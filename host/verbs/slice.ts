/** htpw slice: less RAM for an image, by operators that run in strips. */
import type { Command } from 'commander';
import { columns } from '../drawing/columns.ts';
import { unpack } from '../image/unpack.ts';
import { Unsupported } from '../model/unsupported.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { type Sliced, slice } from '../strips/slice.ts';
import { named, UsageError } from '../system/errors.ts';
import { planOutput } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { Random } from '../system/random.ts';
import { shownPath } from '../system/shownPath.ts';
import { PROGRAM_OPTION, programIndex, readImage } from './image.ts';
import { type Value, valued, wholeNumber } from './options.ts';
import { CheckFailed, print, withProgress } from './verb.ts';

interface SliceFlags {
  output?: string;
  program: string;
  mostMacs: number;
  strips?: number;
  json?: boolean;
}

const INPUTS_TRIED = 8;

const RATIO: Value<number> = {
  expected: 'a number from 1 to 16, such as 1.10',
  read: (text) => (/^\d+(\.\d+)?$/.test(text) && Number(text) >= 1 && Number(text) <= 16 ? Number(text) : undefined),
};

export function sliceVerb(program: Command): void {
  program
    .command('slice <image>')
    .summary('less RAM for an image: its largest tensors in strips, one after another')
    .description(
      'Run the operators at the peak of the arena in strips of positions, so that only one strip of the tensors between them is there at a time. Neighbouring strips compute what both need twice. In a program with a route, layers that read features of the selector take them first. Every output byte stays as it is. Without -o only the table of what each step takes.',
    )
    .option('-o, --output <image>', 'where the image goes')
    .option(...PROGRAM_OPTION)
    .addOption(
      valued(
        '--most-macs <ratio>',
        'multiply-accumulates of an inference, at most as many times those before',
        RATIO,
        '1.1',
      ),
    )
    .addOption(valued('--strips <count>', 'in so many; default: whatever takes least RAM', wholeNumber(2, 64)))
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw slice models/papers/route-uci-har.htpw\n  htpw slice models/papers/route-uci-har.htpw -o build/route-sliced.htpw\n  htpw slice vww.htpw -o build/vww-sliced.htpw --most-macs 1.25',
    )
    .action(async (path: string, flags: SliceFlags) => {
      const output = flags.output === undefined ? undefined : planOutput(flags.output, { inputs: [path] });
      const image = readImage(path);
      const view = new ImageView(image);
      const index = programIndex(view, flags.program);
      const options = { program: index, mostMacs: flags.mostMacs, strips: flags.strips };
      const sliced = await withProgress('slice', (report) =>
        named(shownPath(path), () => refusing(() => slice(unpack(view), options, report))),
      );
      assertSame(image, sliced.image, index);
      output?.write(sliced.image);
      const result = {
        image: path,
        output: flags.output,
        program: view.programs.length > 1 ? index : 0,
        steps: sliced.steps,
      };
      print(flags.json, result, () => render(path, sliced), output);
    });
}

/** What cannot be sliced is wrong use, in one line. */
function refusing<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unsupported)
      throw new UsageError(`${error.message}; htpw plan --timeline shows who holds it, --most-macs allows more work`);
    throw error;
  }
}

/** Throws CheckFailed unless both images answer random inputs alike, which the rewriting promises. */
function assertSame(before: Uint8Array, after: Uint8Array, program: number): void {
  const [one, other] = [before, after].map((image) => new Runtime(image).load(program));
  const random = new Random(1);
  for (let i = 0; i < INPUTS_TRIED; i++) {
    const inputs = one.inputs.map(({ bytes }) => Uint8Array.from({ length: bytes }, () => random.below(256)));
    if (String(one.run(inputs)) !== String(other.run(inputs)))
      throw new CheckFailed('slice: expected the answers of the image as it was, got others; please report this image');
  }
}

function render(path: string, { steps }: Sliced): string {
  const [first] = steps;
  const rows = steps.map(({ what, strips, arenaBytes, macs, operators, imageBytes }) => [
    what,
    strips ?? '',
    grouped(arenaBytes),
    grouped(macs),
    `${((100 * macs) / first.macs - 100).toFixed(1)} %`,
    operators,
    grouped(imageBytes),
  ]);
  return `${path}\n\n${columns([['step', 'strips', 'arena B', 'MACs', 'more', 'operators', 'image B'], ...rows])}`;
}
