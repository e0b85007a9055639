/** What holds of one kind of weight source alone (test/sources/), and of all. */
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import { ImageView } from '../../host/records/view.ts';
import { FIXTURES, ofSources } from '../sources.ts';

const kinds = Object.entries(FIXTURES).map(([name, fixture]) => ({ name: name as keyof typeof FIXTURES, ...fixture }));

describe.each(kinds)('$name weights', ({ name, claims }) => {
  it('come out of an image as they went in, and pack to the same bytes again', () => {
    const { sources, generators, programs } = ofSources(2, [name]).build();
    const image = pack({ sources, generators, programs, metadata: { name } });
    const { model, tables } = unpack(new ImageView(image));
    const shapes = (all: typeof sources) => all.map(({ kind, rows, rowLength }) => ({ kind, rows, rowLength }));
    expect(shapes(model.sources)).toEqual(shapes(sources));
    expect(pack(model, { tables })).toEqual(image);
  });

  for (const [sentence, check] of Object.entries(claims ?? {})) it(sentence, check);
});
