/** Where real recordings lie, for tests that read them and are skipped without. */
import { resolve } from 'node:path';

export const dataRoot = (): string => process.env.HTPW_DATA ?? resolve(process.cwd(), '../shared/data');
