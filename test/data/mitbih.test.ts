/** The database: splits, packed leads, what is said of missing records; with HTPW_DATA, the recordings themselves. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { describeAccounts } from '../../host/data/part.ts';
import { dataRoot } from '../../host/data/registry.ts';
import {
  aamiClass,
  DS1,
  DS2,
  mitbih,
  patientOf,
  readRecord,
  TRAINING,
  unpackLead,
  VALIDATION,
} from '../../host/data/sets/mitbih.ts';
import { readLead } from '../../host/data/wfdb/record.ts';
import { countClasses } from '../../host/data/windows.ts';
import { ecgData } from './ecg.ts';
import { annotate, heart, MLII, N, SECONDS, V5, writeRecord } from './wfdbWriter.ts';

const folder = join(dataRoot(), 'mitbih');
const present = mitbih.isThere(folder);

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
    expect(['201', '202', '203'].map(patientOf)).toEqual(['201', '201', '203']);
  });
});

describe('packed lead', () => {
  it('is differences with an escape', () => {
    const bytes = Uint8Array.from([0x80, 0xe3, 0x03, 1, 0xff, 0x80, 0, 0xff]);
    expect(Array.from(unpackLead(bytes, 4, 'x'))).toEqual([995, 996, 995, -256]);
    expect(() => unpackLead(bytes, 5, 'x.d8.gz')).toThrow(/^x\.d8\.gz: expected 5 samples, got 4/);
    expect(() => unpackLead(bytes, 3, 'x.d8.gz')).toThrow(/^x\.d8\.gz: expected 3 samples, got more/);
  });
});

describe('absent data', () => {
  it('is named, with what to do', () => {
    expect(() => ecgData('mitbih', { root: '/nowhere' }).load('train')).toThrow(
      /expected the records in \/nowhere\/mitbih.*HTPW_DATA.*--data synthetic/,
    );
  });

  it('of a split is named with folder, split, what was expected and what there is', () => {
    const root = folderWith((wfdb) => writeRecord(wfdb, { name: '118' }));
    expect(() => ecgData('mitbih', { root }).load('test')).toThrow(
      `mitbih: no record of the test split in ${root}/mitbih: expected one of 100 103 105`,
    );
    expect(() => ecgData('mitbih', { root }).load('test')).toThrow(/ 234, got 118; add one$/);
    expect(ecgData('mitbih', { root }).load('validation').account.records).toEqual(['118']);
  });

  it('of windows is named with the records and what became of their beats', () => {
    const bare = folderWith((wfdb) => {
      writeRecord(wfdb, { annotations: annotate([]) });
      writeRecord(wfdb, { name: '103', annotations: annotate([{ time: 1, code: N }]) });
    });
    expect(() => ecgData('mitbih', { root: bare }).load('test')).toThrow(
      /no window of the test split in .*: expected beats in 100 103, got 1 beat too near an end of the record; add a record/,
    );
    const empty = folderWith((wfdb) => writeRecord(wfdb, { annotations: annotate([]) }));
    expect(() => ecgData('mitbih', { root: empty }).load('test')).toThrow(/expected beats in 100, got none annotated/);
  });
});

describe('the account of a split', () => {
  it('tells of records used, of those without windows, those that are absent and those that no split has', () => {
    const root = folderWith((wfdb) => {
      writeRecord(wfdb);
      writeRecord(wfdb, { name: '103', annotations: annotate([]) });
      writeRecord(wfdb, { name: '105', signals: [V5] });
      for (const name of ['102', '201', 'A0001']) writeRecord(wfdb, { name });
    });
    const { account } = ecgData('mitbih', { root }).load('test');
    expect(account).toMatchObject({
      records: ['100', '105'],
      withoutWindows: ['103'],
      leads: { MLII: ['100'], V5: ['105'] },
      inNoSplit: { 102: 'paced', 201: 'the person of 202', A0001: 'no record of the database' },
    });
    expect(account.absent).toHaveLength(19);
    expect(describeAccounts([account]).split('\n')).toEqual([
      'mitbih test: 82 windows of 2 records, leads MLII (100), V5 (105)',
      'left out: 4 beats too near an end of the record',
      'without any window: 103',
      `not in ${root}/mitbih: ${account.absent.join(' ')}, of 22`,
      'in no split: 102 (paced), 201 (the person of 202), A0001 (no record of the database)',
    ]);
  });
});

describe('the border between train and later', () => {
  it.each([40, 100])('lies at three quarters of a record of %d s', (seconds) => {
    const marks = Array.from({ length: seconds }, (_, i) => ({ time: 360 * i, code: N }));
    const root = folderWith((wfdb) => writeRecord(wfdb, { name: '101', seconds, annotations: annotate(marks) }));
    const [train, later] = (['train', 'later'] as const).map((split) => ecgData('mitbih', { root }).load(split));
    expect(Math.max(...train!.times)).toBe(Math.floor(0.75 * seconds - 160 / 120));
    expect(Math.min(...later!.times)).toBe(Math.ceil(0.75 * seconds + 160 / 120));
    expect(train!.account.leftOut.border).toBe(later!.account.leftOut.border);
    expect(train!.account.leftOut.border).toBeGreaterThan(0);
  });
});

describe('a packed record', () => {
  /** As written, and its MLII packed: escapes throughout, which is as good as differences. */
  function packedFolder(change: (bytes: Buffer) => Buffer = (bytes) => bytes): string {
    return folderWith((wfdb) => {
      const mlii = join(wfdb, '..', 'mlii');
      writeRecord(wfdb, { signals: [V5, MLII] });
      mkdirSync(mlii);
      for (const end of ['hea', 'atr']) writeFileSync(join(mlii, `100.${end}`), readFileSync(join(wfdb, `100.${end}`)));
      const values = Array.from({ length: 360 * SECONDS }, (_, i) => Math.round(200 * heart(i / 360)) + 1024);
      const bytes = Buffer.from(values.flatMap((value) => [0x80, value & 0xff, value >> 8]));
      writeFileSync(join(mlii, '100.d8.gz'), change(gzipSync(bytes)));
    });
  }

  it('gives what the whole one gives, and its other lead is read from there', () => {
    const root = packedFolder();
    const whole = folderWith((wfdb) => writeRecord(wfdb, { signals: [V5, MLII] }));
    for (const lead of [undefined, 'MLII', 'V5'])
      expect(ecgData('mitbih', { root, lead }).load('test').samples).toEqual(
        ecgData('mitbih', { root: whole, lead }).load('test').samples,
      );
  });

  it('has no other lead than the packed one', () => {
    const root = packedFolder();
    rmSync(join(root, 'mitbih', 'wfdb'), { recursive: true });
    expect(() => ecgData('mitbih', { root, lead: 'V5' }).load('test')).toThrow(
      /100\.d8\.gz: expected lead "V5", got MLII alone; add wfdb\/100\.hea/,
    );
  });

  it.each([
    ['segments', '100/1 2 360 14400\n100_1 14400\n'],
    ['an unknown length', '100 2 360\n100.dat 212\n100.dat 212\n'],
  ])('is refused with %s', (_, header) => {
    const root = packedFolder();
    writeFileSync(join(root, 'mitbih', 'mlii', '100.hea'), header);
    expect(() => ecgData('mitbih', { root }).load('test')).toThrow(
      /100\.hea: expected one piece and its number of samples/,
    );
  });

  it('is refused when it does not unpack', () => {
    const root = packedFolder((bytes) => bytes.subarray(0, 40));
    expect(() => ecgData('mitbih', { root }).load('test')).toThrow(/100\.d8\.gz: expected a gzip file/);
  });
});

/** A data folder whose records `write` makes, in the folder that it is given. */
function folderWith(write: (wfdb: string) => void): string {
  const root = mkdtempSync(join(tmpdir(), 'htpw-mitbih-'));
  write(join(root, 'mitbih', 'wfdb'));
  return root;
}

describe.skipIf(!present)('real records', () => {
  it('record 100 has 2,274 annotations, of which 2,273 are beats', () => {
    const { annotations, lead } = readRecord(folder, '100');
    expect(annotations.length).toBe(2274);
    expect(annotations.filter(({ symbol }) => aamiClass(symbol)).length).toBe(2273);
    expect([lead.samples.length, lead.name, lead.rate]).toEqual([650_000, 'MLII', 360]);
  });

  it('every record decodes to the published samples, annotations and AAMI classes', { timeout: 60_000 }, () => {
    for (const expected of expectedRecords()) {
      const { annotations, lead } = readRecord(folder, expected.record!);
      const digest = createHash('sha256')
        .update(new Uint8Array(Int16Array.from(lead.samples).buffer))
        .digest('hex');
      expect([expected.record, digest]).toEqual([expected.record, expected.pcm_i16le_sha256]);
      expect(annotations.length).toBe(Number(expected.annotations));
      for (const name of 'NSVFQ') {
        const count = annotations.filter(({ symbol }) => aamiClass(symbol) === name).length;
        expect([expected.record, name, count]).toEqual([expected.record, name, Number(expected[name])]);
      }
    }
  });

  it.skipIf(!existsSync(join(folder, 'wfdb', '114.dat')))('a packed lead equals the lead of the original file', () => {
    for (const record of ['100', '114'])
      expect(readLead(join(folder, 'wfdb'), record).samples).toEqual(readRecord(folder, record).lead.samples);
  });

  it('training, later and validation hold all four classes', { timeout: 60_000 }, () => {
    for (const split of ['train', 'later', 'validation'] as const)
      for (const count of countClasses(ecgData('mitbih').load(split))) expect(count).toBeGreaterThan(20);
  });
});
