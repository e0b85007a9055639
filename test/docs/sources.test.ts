/** docs/sources.md is what the kinds of weight sources say of themselves. `npx vitest run test/docs/sources --update` writes it. */
import { expect, it } from 'vitest';
import { sourcesPage } from '../../host/sources/page.ts';

it('docs/sources.md is up to date', async () => {
  await expect(sourcesPage()).toMatchFileSnapshot('../../docs/sources.md');
});
