/** htpw add: programs that were trained on the basis of an image, joined to it. */
import type { Command } from 'commander';
import { addTo, isAddOn } from '../image/addOn.ts';
import { pack } from '../image/pack.ts';
import { programName } from '../records/names.ts';
import { ImageView } from '../records/view.ts';
import { named } from '../system/errors.ts';
import { planOutput, readInput } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { wrongKind } from '../system/wrongKind.ts';
import { provedImage, readImage } from './image.ts';
import { print } from './verb.ts';

interface Flags {
  output: string;
  json?: boolean;
}

export function addVerb(program: Command): void {
  program
    .command('add <image> <add-ons...>')
    .summary('programs to an image that has their basis')
    .description(
      'Join add-ons, which htpw train --basis --add-on makes, to the image that they were trained on. The bytes are those of an image in which all programs were packed together.',
    )
    .requiredOption('-o, --output <image>', 'where the image with all programs goes')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExample:\n  htpw add build/base.htpw build/tones.htpa -o build/all.htpw')
    .action((path: string, addOns: string[], flags: Flags) => {
      const output = planOutput(flags.output, { inputs: [path, ...addOns] });
      const base = readImage(path);
      const image = addOns.reduce((joined, addOn) => withAddOn(joined, path, addOn), base);
      output.write(image);
      const view = new ImageView(image);
      const programs = view.programs.map((_, index) => programName(view, index));
      const added = image.length - base.length;
      print(
        flags.json,
        { output: output.name, bytes: image.length, added, programs },
        () =>
          `${output.name}: ${grouped(image.length)} bytes, ${grouped(added)} more than ${shownPath(path)}; ` +
          `programs ${programs.join(', ')}`,
        output,
      );
    });
}

function withAddOn(image: Uint8Array, path: string, addOn: string): Uint8Array {
  const bytes = readInput(addOn);
  const wrong = isAddOn(bytes) ? null : wrongKind(addOn, bytes, ['an add-on']);
  if (wrong) throw wrong;
  const joined = named(`${shownPath(addOn)}: cannot be added to ${shownPath(path)}`, () => {
    const { model, ...options } = addTo(new ImageView(image), bytes);
    return pack(model, options);
  });
  return provedImage(addOn, joined);
}
