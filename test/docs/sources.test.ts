/** docs/sources.md is what the kinds of weight sources say of themselves. `npx vitest run test/docs/sources --update` writes it. */
import { expect, it } from 'vitest';
import * as format from '../../assembly/format.ts';
import { sourcesPage } from '../../host/sources/page.ts';
import { SOURCES } from '../../host/sources/registry.ts';

it.each(Object.entries(SOURCES))('%s names fields that records have', (_, { doc }) => {
  expect(Object.keys(format)).toEqual(expect.arrayContaining(Object.keys(doc.fields)));
});

it('docs/sources.md is up to date', async () => {
  await expect(sourcesPage()).toMatchFileSnapshot('../../docs/sources.md');
});
