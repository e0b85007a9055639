/** The Zephyr module as tests use it. */
import { join } from 'node:path';
import { projectRoot } from '../../host/board/root.ts';

export const MODULE = join(projectRoot(), 'zephyr');
