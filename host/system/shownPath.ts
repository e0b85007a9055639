/** Paths in messages. */
import { printable } from './printable.ts';

/** Characters of a path in a message; of a longer one the beginning is left out. */
const MOST = 200;

/** Printable, not nothing, and short enough to leave room for what is said of it. */
export const shownPath = (path: string): string =>
  path === '' ? '""' : printable(path.length > MOST ? `...${path.slice(-MOST)}` : path);
