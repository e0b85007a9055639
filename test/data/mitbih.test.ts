import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countClasses } from '../../host/data/beats.ts';
import { loadDataset } from '../../host/data/dataset.ts';
import {
  aamiClass,
  DS1,
  DS2,
  hasMitbih,
  mitbihFolder,
  readRecord,
  TRAINING,
  unpackLead,
  VALIDATION,
} from '../../host/data/mitbih.ts';
import { decodeSignals, parseHeader } from '../../host/data/wfdb.ts';

const present = hasMitbih();
const folder = mitbihFolder();

/** records.csv lies beside the packed leads and says what they must decode to. */
function expectedRecords(): Record<string, string>[] {
  const [head, ...lines] = readFileSync(join(folder, 'records.csv'), 'utf8').trim().split(/\r?\n/);
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i]!, value])));
}

describe('split', () => {
  it('keeps patients apart: no record twice, and 201 out of training because 202 is the same person', () => {
    expect(DS1.filter((record) => DS2.includes(record))).toEqual([]);
    expect(TRAINING.filter((record) => VALIDATION.includes(record))).toEqual([]);
    expect(TRAINING).not.toContain('201');
    expect([TRAINING.length, VALIDATION.length, DS2.length]).toEqual([17, 4, 22]);
  });
});

describe('packed lead', () => {
  it('is differences with an escape', () => {
    const bytes = Uint8Array.from([0x80, 0xe3, 0x03, 1, 0xff, 0x80, 0, 0xff]);
    expect(Array.from(unpackLead(bytes, 4, 'x'))).toEqual([995, 996, 995, -256]);
    expect(() => unpackLead(bytes, 5, 'x.d8.gz')).toThrow(/^x\.d8\.gz: expected 5 samples, got 4/);
  });
});

describe('absent data', () => {
  it('is named, with what to do', () => {
    expect(() => loadDataset('mitbih', 'train', { root: '/nowhere' })).toThrow(
      /expected the records in \/nowhere\/mitbih.*HTPW_DATA.*--data synthetic/,
    );
  });
});

describe.skipIf(!present)('real records', () => {
  it('record 100 has 2,274 annotations, of which 2,273 are beats', () => {
    const { annotations, lead, leadName, header } = readRecord(folder, '100');
    expect(annotations.length).toBe(2274);
    expect(annotations.filter(({ symbol }) => aamiClass(symbol)).length).toBe(2273);
    expect([lead.length, leadName, header.sampleRate]).toEqual([650_000, 'MLII', 360]);
  });

  it('every record decodes to the published samples, annotations and AAMI classes', { timeout: 60_000 }, () => {
    for (const expected of expectedRecords()) {
      const { annotations, lead } = readRecord(folder, expected.record!);
      const digest = createHash('sha256').update(new Uint8Array(lead.buffer)).digest('hex');
      expect([expected.record, digest]).toEqual([expected.record, expected.pcm_i16le_sha256]);
      expect(annotations.length).toBe(Number(expected.annotations));
      for (const name of 'NSVFQ') {
        const count = annotations.filter(({ symbol }) => aamiClass(symbol) === name).length;
        expect([expected.record, name, count]).toEqual([expected.record, name, Number(expected[name])]);
      }
    }
  });

  it.skipIf(!existsSync(join(folder, 'wfdb', '114.dat')))('a packed lead equals the lead of the original file', () => {
    for (const record of ['100', '114']) {
      const packed = readRecord(folder, record);
      const bytes = readFileSync(join(folder, 'wfdb', `${record}.dat`));
      expect(Buffer.compare(Buffer.from(originalLead(record, bytes).buffer), Buffer.from(packed.lead.buffer))).toBe(0);
    }
  });

  it('training, later and validation hold all four classes', { timeout: 60_000 }, () => {
    for (const split of ['train', 'later', 'validation'] as const)
      for (const count of countClasses(loadDataset('mitbih', split))) expect(count).toBeGreaterThan(20);
  });
});

/** MLII of a two-lead .dat, through the general reader. */
function originalLead(record: string, bytes: Uint8Array): Int16Array {
  const header = parseHeader(readFileSync(join(folder, 'wfdb', `${record}.hea`), 'latin1'), record);
  const channel = header.signals.findIndex((signal) => signal.description === 'MLII');
  return decodeSignals(bytes, header, record)[channel]!;
}
