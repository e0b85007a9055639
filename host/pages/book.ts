/** build/results.html: what each byte buys, what making weights costs, and a section for each paper, in one file. */
import { asHtml, type Document } from './document.ts';
import { evidencePage } from './evidence.ts';
import { heldSection } from './held.ts';
import { paperSections } from './paperSections.ts';
import type { Records } from './records.ts';

/** The page of evidence with what other pages have beside it. */
const bookOf = (records: Records): Document => {
  const { sections, ...page } = evidencePage(records);
  return { ...page, sections: [...sections, heldSection(records.deploy), ...paperSections(records)] };
};

/** One HTML file that fetches nothing, for light and dark screens from a phone on. */
export const resultsHtml = (records: Records): string => asHtml(bookOf(records));
