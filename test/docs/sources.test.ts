/** What the kinds of weight sources say of themselves, for docs/sources.md. */
import { expect, it } from 'vitest';
import * as format from '../../assembly/format.ts';
import { SOURCES } from '../../host/sources/registry.ts';

it.each(Object.entries(SOURCES))('%s names fields that records have', (_, { doc }) => {
  expect(Object.keys(format)).toEqual(expect.arrayContaining(Object.keys(doc.fields)));
});
