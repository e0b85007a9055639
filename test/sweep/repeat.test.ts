/** A committed record, trained again: the same bytes. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGrid } from '../../host/sweep/grid.ts';
import { imagePath, perform } from '../../host/sweep/perform.ts';
import { readRecord, recordPath } from '../../host/sweep/record.ts';

const grid = readGrid('models/sweeps/repeat.json');
const [run] = grid.runs as [(typeof grid.runs)[number]];
const record = readRecord(grid.records, run.id);
const majorOf = (version: string): string => version.split('.')[0]!;

describe.skipIf(majorOf(record.code.node) !== majorOf(process.version))(
  'a committed record',
  { timeout: 120_000 },
  () => {
    it('is trained again to the same SHA-256, from its configuration and seed', async () => {
      const folders = { records: grid.records, images: mkdtempSync(join(tmpdir(), 'repeat-')) };
      await perform(grid, run, folders, () => {});
      const image = readFileSync(imagePath(folders, run.id));
      expect(createHash('sha256').update(image).digest('hex')).toBe(record.image.sha256);
      expect(image.length).toBe(record.image.bytes);
    });

    it('that says another SHA-256 is not made to fit: no image is left', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'repeat-'));
      cpSync(grid.records, folder, { recursive: true });
      const text = readFileSync(recordPath(folder, run.id), 'utf8');
      writeFileSync(recordPath(folder, run.id), text.replace(record.image.sha256, '0'.repeat(64)));
      const folders = { records: folder, images: join(folder, 'images') };
      await expect(perform(grid, run, folders, () => {})).rejects.toThrow(/expected an image of SHA-256 0{64}/);
    });
  },
);
