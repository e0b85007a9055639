/** The Zephyr module as tests use it. */
import { join } from 'node:path';
import { projectRoot } from '../../host/system/root.ts';

export const root = projectRoot();
export const MODULE = join(root, 'zephyr');
export const ECG = join(root, 'models', 'ecg-beats.htpw');
