/** Paths in messages. */
import { printable } from './printable.ts';

/** Characters of a path in a message; of a longer one the beginning is left out. */
const MOST = 200;

/** Printable, and short enough to leave room for what is said of it. */
export const shownPath = (path: string): string => printable(path.length > MOST ? `...${path.slice(-MOST)}` : path);
