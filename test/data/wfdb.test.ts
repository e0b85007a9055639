/** WFDB records: one deviation from a plain record at a time, read as the plain one is, counted, or refused by name. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Part } from '../../host/data/part.ts';
import { decodeAnnotations } from '../../host/data/wfdb/annotation.ts';
import { parseHeader } from '../../host/data/wfdb/header.ts';
import { Random } from '../../host/system/random.ts';
import { ecgData, WINDOW } from './ecg.ts';
import {
  annotate,
  BEATS,
  beatsAt,
  heart,
  type Mark,
  MLII,
  N,
  NOTE,
  Q,
  type RecordSpec,
  SECONDS,
  type SignalSpec,
  timeResolution,
  V,
  V5,
  writeRecord,
} from './wfdbWriter.ts';

let root = '';
let folder = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'htpw-wfdb-'));
  folder = join(root, 'mitbih', 'wfdb');
  return () => rmSync(root, { recursive: true });
});

const load = (lead?: string): Part => ecgData('mitbih', { root, lead }).load('test');

/** What a window must be: the heart itself, 200 units per millivolt above 1024, at 120 Hz round the beat. */
function expectHeart(part: Part, tolerance: number, beats: readonly number[] = INSIDE): void {
  expect(Array.from(part.times, (time) => Math.round(10 * time) / 10)).toEqual(beats);
  let worst = 0;
  beats.forEach((beat, i) => {
    for (let p = 0; p < WINDOW; p++) {
      const expected = 1024 + 200 * heart(beat + (p - 160) / 120);
      worst = Math.max(worst, Math.abs(part.samples[i * WINDOW + p]! - expected));
    }
  });
  expect(worst).toBeLessThan(tolerance);
}

/** Beats with a whole window inside the record. */
const INSIDE = BEATS.filter((beat) => beat >= 160 / 120 && beat + 160 / 120 <= SECONDS);
/** Largest error of a window, units: rounding before and after the filter, and the filter's ripple. */
const CLOSE = 2.5;

const both = (change: SignalSpec): SignalSpec[] => [
  { ...MLII, ...change },
  { ...V5, ...change },
];
const small = (change: SignalSpec): SignalSpec[] => both({ zero: 0, ...change });
const line = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);
/** Half of the record as a segment of its own. */
const half = (name: string, from: number, spec: RecordSpec = {}): void =>
  writeRecord(folder, { name, from, seconds: SECONDS / 2, annotations: null, ...spec });
const whole = (...lines: string[]): void => {
  writeRecord(folder, { header: () => `${lines.join('\n')}\n` });
  unlinkSync(join(folder, '100.dat'));
};
const HALF = (360 * SECONDS) / 2;

const SAME: [deviation: string, write: () => void, tolerance?: number][] = [
  ['nothing', () => writeRecord(folder)],
  ...[50.5, 100, 120, 128, 180, 250, 257, 500, 999.9, 1000, 5000].map((rate): [string, () => void, number] => [
    `${rate} Hz`,
    () => writeRecord(folder, { rate }),
    rate < 100 ? 80 : rate === 100 ? 8 : CLOSE, // what lies above 20 and 40 Hz cannot be there
  ]),
  ['no sampling frequency', () => writeRecord(folder, { rate: 250, recordLine: () => '100 2' })],
  ['a frequency as 3.6e2', () => writeRecord(folder, { recordLine: line(' 360 ', ' 3.6e2 ') })],
  ['a frequency as 360.', () => writeRecord(folder, { recordLine: line(' 360 ', ' 360. ') })],
  ['a counter frequency and base', () => writeRecord(folder, { recordLine: line(' 360 ', ' 360/72.5(-10) ') })],
  ['no number of samples', () => writeRecord(folder, { recordLine: () => '100 2 360' })],
  ['0 as number of samples', () => writeRecord(folder, { recordLine: () => '100 2 360 0 12:00:00' })],
  ['time and date', () => writeRecord(folder, { recordLine: (text) => `${text} 13:5:0.25 25/4/1989` })],
  ['CRLF', () => writeRecord(folder, { header: line(/\n/g, '\r\n') })],
  ['tabs', () => writeRecord(folder, { header: line(/ /g, '\t') })],
  [
    'comments, info and empty lines',
    () => writeRecord(folder, { header: (text) => `#wfdb 10.7\n\n${text.replace('\n', '\n # x 1\n')}# 69 M\n` }),
  ],
  ['no end of the last line', () => writeRecord(folder, { header: (text) => text.trimEnd() })],
  ['lines behind the last signal', () => writeRecord(folder, { header: (text) => `${text}more.dat 999 200\n` })],
  ...[3, 4, 5, 6, 7, 8].map((fields): [string, () => void] => [
    `${fields} fields in a signal line`,
    () => writeRecord(folder, { signals: small({ fields }) }), // an ADC zero that is left out is 0
  ]),
  ['2 fields in a signal line', () => writeRecord(folder, { signals: small({ fields: 2 }) })],
  [
    'neither checksum nor initial value computed',
    () => writeRecord(folder, { signals: both({ checksum: 0, initialValue: 0 }) }),
  ],
  ['a checksum of 0, none computed', () => writeRecord(folder, { signals: both({ checksum: 0 }) })],
  [
    'an initial value of an amplitude format that is not used',
    () => writeRecord(folder, { signals: both({ initialValue: 0 }) }),
  ],
  ...[16, 24, 32, 61, 160].map((format): [string, () => void] => [
    `format ${format}`,
    () => writeRecord(folder, { signals: both({ format }) }),
  ]),
  ...[8, 310, 311].map((format): [string, () => void] => [
    `format ${format}`,
    () => writeRecord(folder, { signals: small({ format }) }),
  ]),
  ['format 80', () => writeRecord(folder, { signals: small({ format: 80, perMillivolt: 80, gain: '80' }) }), 4],
  [
    'format 8 from an initial value',
    () => writeRecord(folder, { signals: small({ format: 8, initialValue: -40, checksum: 0 }) }),
  ],
  [
    'a frame with 2 samples of the lead',
    () => writeRecord(folder, { rate: 180, signals: [{ ...MLII, modifiers: 'x2', samplesPerFrame: 2 }, V5] }),
  ],
  [
    'a frame with 3 samples of the other signal',
    () => writeRecord(folder, { signals: [{ ...V5, modifiers: 'x3', samplesPerFrame: 3 }, MLII] }),
  ],
  ['a byte offset', () => writeRecord(folder, { preamble: 24, signals: both({ format: 16, modifiers: '+24' }) })],
  [
    'offset, skew and samples per frame at once',
    () =>
      writeRecord(folder, {
        rate: 180,
        preamble: 24,
        signals: [
          { ...MLII, modifiers: 'x2:0+24', samplesPerFrame: 2 },
          { ...V5, modifiers: ':3+24' },
        ],
      }),
  ],
  ['a gain of 1000', () => writeRecord(folder, { signals: both({ format: 16, perMillivolt: 1000, gain: '1000' }) })],
  ['a gain of -200', () => writeRecord(folder, { signals: both({ perMillivolt: -200, gain: '-200' }) })],
  [
    'a baseline that is not the ADC zero',
    () => writeRecord(folder, { signals: both({ zero: 900, writtenZero: 0, gain: '200(900)' }) }),
  ],
  ['units of mV', () => writeRecord(folder, { signals: both({ gain: '200/mV' }) })],
  [
    'units of uV',
    () => writeRecord(folder, { signals: both({ format: 16, perMillivolt: 500, gain: '0.5(1024)/uV' }) }),
  ],
  ['units of V', () => writeRecord(folder, { signals: both({ format: 16, perMillivolt: 2000, gain: '2e6/V' }) })],
  [
    'units of µV, in UTF-8',
    () => writeRecord(folder, { signals: both({ format: 16, perMillivolt: 500, gain: '0.5(1024)/µV' }) }),
  ],
  [
    'units of µV, in Latin-1',
    () => {
      writeRecord(folder, { signals: both({ format: 16, perMillivolt: 500, gain: '0.5(1024)/µV' }) });
      const path = join(folder, '100.hea');
      writeFileSync(path, Buffer.from(readFileSync(path, 'utf8'), 'latin1'));
    },
  ],
  ['a byte order mark', () => writeRecord(folder, { header: (text) => `\uFEFF${text}` })],
  ['a gain of 0', () => writeRecord(folder, { signals: both({ gain: '0' }) })],
  [
    'one file per signal',
    () =>
      writeRecord(folder, {
        signals: [
          { ...MLII, file: 'a.dat', format: 16 },
          { ...V5, file: 'b.dat' },
        ],
      }),
  ],
  ['MLII behind V5', () => writeRecord(folder, { signals: [V5, MLII] })],
  [
    'a file that only another signal needs and that is missing',
    () => {
      writeRecord(folder, { signals: [MLII, { ...V5, file: 'b.dat' }] });
      unlinkSync(join(folder, 'b.dat'));
    },
  ],
  [
    'names in capitals',
    () => {
      writeRecord(folder);
      for (const end of ['hea', 'dat', 'atr'])
        renameSync(join(folder, `100.${end}`), join(folder, `100.${end.toUpperCase()}`));
    },
  ],
  [
    'two segments',
    () => {
      whole(`100/2 2 360 ${2 * HALF}`, `100_1 ${HALF}`, `100_2 ${HALF}`);
      half('100_1', 0);
      half('100_2', SECONDS / 2, { signals: both({ format: 16 }) });
    },
  ],
  [
    'a segment that leaves its number of samples to the record',
    () => {
      whole(`100/2 2 360 ${2 * HALF}`, `100_1 ${HALF}`, `100_2 ${HALF}`);
      half('100_1', 0);
      half('100_2', SECONDS / 2, { recordLine: () => '100_2 2 360' });
    },
  ],
  [
    'one segment',
    () => {
      whole('100/1 2 360', `all ${2 * HALF}`);
      writeRecord(folder, { name: 'all', annotations: null });
    },
  ],
  [
    'segments with a layout, other orders and other gains',
    () => {
      whole(`100/3 2 360 ${2 * HALF}`, '100_layout 0', `100_1 ${HALF}`, `100_2 ${HALF}`);
      writeFileSync(
        join(folder, '100_layout.hea'),
        '100_layout 2 360 0\n~ 0 200 12 0 0 0 0 MLII\n~ 0 200 12 0 0 0 0 V5\n',
      );
      half('100_1', 0, { signals: [V5, MLII] });
      half('100_2', SECONDS / 2, { signals: [{ ...MLII, format: 16, perMillivolt: 1000, gain: '1000' }] });
    },
  ],
  [
    'annotations with a time resolution of their own',
    () => writeRecord(folder, { annotations: annotate([timeResolution('## time resolution: 720'), ...beatsAt(720)]) }),
  ],
  [
    'a time resolution that is no whole number',
    () =>
      writeRecord(folder, { annotations: annotate([timeResolution('## time resolution: 999.5'), ...beatsAt(999.5)]) }),
  ],
  [
    'an interval that needs SKIP',
    () =>
      writeRecord(folder, {
        annotations: annotate([timeResolution('## time resolution: 100000'), ...beatsAt(100_000)]),
      }),
  ],
  [
    'annotations that go back in time',
    () =>
      writeRecord(folder, {
        annotations: annotate([
          { time: 14_000, code: NOTE, aux: 'odd' },
          { time: 13_000, code: NOTE, aux: 'even' },
          ...beatsAt(360),
        ]),
      }),
  ],
  [
    'NUM and SUB',
    () =>
      writeRecord(folder, { annotations: annotate(beatsAt(360).map((mark) => ({ ...mark, number: 3, subtype: -1 }))) }),
  ],
  [
    'definitions of codes that have no symbol',
    () =>
      writeRecord(folder, {
        annotations: annotate([
          { time: 0, code: NOTE, aux: '## annotation type definitions' },
          { time: 0, code: NOTE, aux: '42 X a spike' },
          { time: 0, code: NOTE, aux: '## end of definitions' },
          ...beatsAt(360),
        ]),
      }),
  ],
  [
    'zeros behind the end of the annotations',
    () => writeRecord(folder, { annotations: Uint8Array.from([...annotate(beatsAt(360)), 0, 0, 7]) }),
  ],
];

describe('a record with', () => {
  it.each(SAME)('%s gives the windows of the heart, in millivolts', (_, write, tolerance = CLOSE) => {
    write();
    expectHeart(load(), tolerance);
  });
});

/** Beats but those whose windows touch a gap of the record, the filter's reach of 1/12 s included. */
const clearOf = (from: number, to: number): number[] =>
  INSIDE.filter((beat) => beat + 160 / 120 + 1 / 12 <= from || beat - 160 / 120 - 1 / 12 >= to);

describe('samples that are missing leave their windows out and are counted:', () => {
  const gap = (value: number): Record<number, number> =>
    Object.fromEntries(Array.from({ length: 36 }, (_, i) => [20 * 360 + i, value]));
  const rows: [string, () => void, number[]][] = [
    ...(
      [
        [16, -32768],
        [24, -(2 ** 23)],
        [32, -(2 ** 31)],
        [61, -32768],
        [160, -32768],
        [212, -2048],
        [310, -512],
        [311, -512],
      ] as const
    ).map(([format, invalid]): [string, () => void, number[]] => [
      `${invalid} in format ${format}`,
      () => writeRecord(folder, { signals: small({ format, replaced: gap(invalid) }) }),
      clearOf(20, 20.1),
    ]),
    [
      '-128 in format 80',
      () => writeRecord(folder, { signals: small({ format: 80, gain: '80', perMillivolt: 80, replaced: gap(-128) }) }),
      clearOf(20, 20.1),
    ],
    [
      'the end of a signal with a skew',
      () => writeRecord(folder, { signals: [{ ...MLII, modifiers: ':1080', early: 1080 }, V5] }),
      clearOf(37, SECONDS),
    ],
    [
      'a null segment',
      () => {
        whole(`100/3 2 360 ${2 * HALF}`, '~ 3600', `100_1 ${HALF}`, `~ ${HALF - 3600}`);
        half('100_1', 10);
      },
      clearOf(0, 10).filter((beat) => beat + 160 / 120 + 1 / 12 <= 30),
    ],
    [
      'a segment without the lead',
      () => {
        whole(`100/3 2 360 ${2 * HALF}`, 'layout 0', `100_1 ${HALF}`, `100_2 ${HALF}`);
        writeFileSync(join(folder, 'layout.hea'), 'layout 2 360 0\n~ 0 200 12 0 0 0 0 V5\n~ 0 200 12 0 0 0 0 MLII\n');
        half('100_1', 0);
        half('100_2', 20, { signals: [V5] });
      },
      clearOf(20, SECONDS),
    ],
  ];

  it.each(rows)('%s', (_, write, beats) => {
    write();
    const part = load();
    expectHeart(part, part.samples.length && _.includes('80') ? 4 : CLOSE, beats);
    expect(part.account.leftOut).toMatchObject({
      edge: BEATS.length - INSIDE.length,
      invalid: INSIDE.length - beats.length,
    });
  });
});

describe('annotations that give no window are counted:', () => {
  const before = BEATS.length - INSIDE.length;
  const rows: [string, Mark[], Partial<Part['account']['leftOut']>][] = [
    ['beyond the end', [{ time: 360 * SECONDS }, { time: 360 * 1000 }], { outside: 2 }],
    ['before the start', [{ time: -5 }], { outside: 1 }],
    ['too near an end', [{ time: 360 * SECONDS - 1 }], { edge: before + 1 }],
    [
      'of another lead',
      [
        { time: 3600, channel: 1 },
        { time: 3700, code: V },
      ],
      { otherLead: 2 },
    ],
    ['of class Q', [{ time: 3600, code: Q }], { unclassified: 1 }],
    ['of a code that the database defines itself', [{ time: 3600, code: 42 }], { unclassified: 1 }],
  ];

  it.each(rows)('%s', (_, marks, leftOut) => {
    writeRecord(folder, { annotations: annotate([...beatsAt(360), ...marks]) });
    const part = load();
    expectHeart(part, CLOSE);
    expect(part.account.leftOut).toMatchObject({ edge: before, ...leftOut });
  });
});

describe('a file with more than its header counts', () => {
  const counted = (seconds: number) => line(/\d+$/, String(360 * seconds));

  it('is read where a checksum shows that frames are right, and the account says what is left', () => {
    writeRecord(folder, { seconds: 30 });
    const header = readFileSync(join(folder, '100.hea'));
    writeRecord(folder);
    writeFileSync(join(folder, '100.hea'), header);
    const part = load();
    expect(part.account.leftOut.outside).toBe(BEATS.filter((beat) => beat >= 30).length);
    expect(part.account.assumed).toEqual([
      '100: its files go on for 3600 frames that the header does not count, left out',
    ]);
  });

  it('is refused without a checksum: a signal that the header forgets would be read as samples of another', () => {
    writeRecord(folder, { signals: small({ fields: 5 }), recordLine: counted(30) });
    expect(() => load()).toThrow(/100\.dat: signal "100\.dat": expected as many frames .*got 3600 more/);
    const forgotten = (text: string) => text.replace('100 2', '100 1').split('\n').slice(0, 2).join('\n');
    writeRecord(folder, { signals: small({ fields: 5 }), header: forgotten });
    expect(() => load()).toThrow(/expected as many frames as the header counts, got 14400 more/);
  });

  it.each([212, 310, 311])('is none where the last group of format %i is filled up', (format) => {
    const oneMore = { format, zero: 0, fields: 5 };
    writeRecord(folder, { rate: 360, seconds: 40 + 1 / 360, signals: [{ ...MLII, ...oneMore }] });
    expect(load().account.assumed).toEqual([]);
  });
});

describe('the lead', () => {
  it.each([
    ['V5', 'V5'],
    ['v5', 'V5'],
    ['1', 'V5'],
    ['0', 'MLII'],
  ])('"%s" is signal %s, and the account says so', (wanted, name) => {
    writeRecord(folder);
    const part = load(wanted);
    expect(part.account.leads).toEqual({ [name]: ['100'] });
    const [voltage] = [name === 'V5' ? V5.voltage! : heart];
    expect(Math.abs(part.samples[160]! - 1024 - 200 * voltage(INSIDE[0]!))).toBeLessThan(CLOSE);
  });

  it('takes the beats that are annotated on it', () => {
    const marks = beatsAt(360).flatMap((mark): Mark[] => [
      { ...mark, channel: 0 },
      { time: mark.time + 2, code: V, channel: 1 },
    ]);
    writeRecord(folder, { annotations: annotate(marks) });
    expect(new Set(load('V5').labels)).toEqual(new Set([2]));
    expect(new Set(load('MLII').labels)).toEqual(new Set([0]));
    expect(load('MLII').account.leftOut.otherLead).toBe(BEATS.length);
  });

  it('without a gain is taken to have 200 units per millivolt, and the account says so', () => {
    writeRecord(folder, { signals: both({ gain: '0' }) });
    expect(load().account.assumed).toEqual(['100: no gain in the header for MLII, 200 units per mV assumed']);
  });
});

const file = (name: string, bytes: string | Uint8Array) => (): void => {
  writeRecord(folder);
  writeFileSync(join(folder, name), bytes);
};
const without = (name: string) => (): void => {
  writeRecord(folder);
  unlinkSync(join(folder, name));
};
const record = (spec: RecordSpec) => (): void => writeRecord(folder, spec);
const segments =
  (first: string, second: RecordSpec, ...lines: string[]) =>
  (): void => {
    whole(first, ...(lines.length > 0 ? lines : [`100_1 ${HALF}`, `100_2 ${HALF}`]));
    half('100_1', 0);
    half('100_2', SECONDS / 2, second);
  };

/** Something else where a file of the record belongs. */
const instead = (name: string, place: (path: string) => void) => (): void => {
  without(name)();
  place(join(folder, name));
};

const REFUSED: [deviation: string, write: () => void, message: RegExp][] = [
  ...['hea', 'dat', 'atr'].flatMap((end): [string, () => void, RegExp][] => [
    [`a folder called .${end}`, instead(`100.${end}`, mkdirSync), /100\.\w+: expected a file, got a folder/],
    [
      `a link called .${end} that leads nowhere`,
      instead(`100.${end}`, (path) => symlinkSync('nowhere', path)),
      /100\.\w+: cannot be read, no such file \(ENOENT\)/,
    ],
  ]),
  [
    'a header in UTF-16',
    () => file('100.hea', Buffer.from('\uFEFF100 2 360\n', 'utf16le'))(),
    /100\.hea: expected text, got bytes of 0; save it as UTF-8/,
  ],
  [
    'a header without its record line',
    record({ header: (text) => text.slice(text.indexOf('\n') + 1) }),
    /expected a record line .*got "100\.dat 212 /,
  ],
  ['a record of segments of segments', segments('100/2/3 2 360', {}), /expected a record line .*got "100\/2\/3 2 360"/],
  [
    'a segment in another folder',
    segments('100/2 2 360', {}, `100_1 ${HALF}`, `../100_2 ${HALF}`),
    /segment 1: name: expected that of a record in the same folder, got "\.\.\/100_2"/,
  ],
  ['a gain that is not finite', record({ signals: both({ gain: '1e400' }) }), /ADC gain: .*finite.*got "1e400"/],
  [
    'a gain that makes everything flat',
    record({ signals: both({ gain: '1e9' }) }),
    /lead "MLII": expected beats of 0\.02 mV or more, got 0 mV.*check gain/,
  ],
  [
    'a baseline beyond 32 bits',
    record({ signals: both({ gain: '200(99999999999)' }) }),
    /baseline: expected a whole number of 32 bits, got "99999999999"/,
  ],
  [
    'beats that are all annotated on another lead',
    record({ annotations: annotate(beatsAt(360).map((mark) => ({ ...mark, channel: 1 }))) }),
    /got 43 beats annotated on another lead; choose their lead with --lead/,
  ],
  ...['## Time resolution: 720', '# time resolution: 720', '##  time  resolution 720'].map(
    (note): [string, () => void, RegExp] => [
      `a time resolution spelled "${note}"`,
      record({ annotations: annotate([timeResolution(note), ...beatsAt(720)]) }),
      new RegExp(`as "## time resolution: 360", got "${note}"`),
    ],
  ),
  ['an empty header', file('100.hea', ''), /100\.hea: expected a record line .*got ""/],
  [
    'another record name',
    record({ recordLine: line('100 ', '101 ') }),
    /100\.hea: record name: expected "100".*got "101"/,
  ],
  [
    'no signals',
    record({ recordLine: line(' 2 ', ' 0 ') }),
    /number of signals: expected a whole number from 1 on, got "0"/,
  ],
  ['signals that are no number', record({ recordLine: line(' 2 ', ' two ') }), /number of signals: .*got "two"/],
  [
    'a frequency of 0',
    record({ recordLine: line(' 360 ', ' 0 ') }),
    /sampling frequency: expected a number above 0.*got "0"/,
  ],
  ['a frequency below 0', record({ recordLine: line(' 360 ', ' -360 ') }), /sampling frequency: .*got "-360"/],
  ['a frequency with units', record({ recordLine: line(' 360 ', ' 360Hz ') }), /sampling frequency: .*got "360Hz"/],
  [
    'a frequency that holds no heart beat',
    record({ recordLine: line(' 360 ', ' 10 ') }),
    /sampling rate: expected 50 to 100000 Hz, got 10/,
  ],
  [
    'a counter that is no number',
    record({ recordLine: line(' 360 ', ' 360/x ') }),
    /sampling frequency: .*got "360\/x"/,
  ],
  ['a fraction of a sample', record({ recordLine: line(/\d+$/, '14400.5') }), /number of samples: .*got "14400\.5"/],
  [
    'fewer signal lines than signals',
    record({ header: (text) => text.split('\n').slice(0, 2).join('\n') }),
    /expected 2 signal lines.*got 1/,
  ],
  [
    'a signal line without format',
    record({ header: line(/100\.dat 212.*\n$/, '100.dat\n') }),
    /signal 1: expected a file name and a format, got "100\.dat"/,
  ],
  ['a format that is no number', record({ signals: both({ modifiers: 'y2' }) }), /signal 0: format: .*got "212y2"/],
  [
    'a format modifier twice',
    record({ signals: both({ modifiers: ':1:2' }) }),
    /format: expected one ":" at most, got "212:1:2"/,
  ],
  ['no samples per frame', record({ signals: both({ modifiers: 'x0' }) }), /samples per frame: .*from 1 on, got "0"/],
  ['a skew below 0', record({ signals: both({ modifiers: ':-1' }) }), /skew: .*got "-1"/],
  ['an offset without a number', record({ signals: both({ modifiers: '+' }) }), /byte offset: .*got "\+"/],
  [
    'an offset beyond the file',
    record({ signals: both({ modifiers: '+9999999' }) }),
    /100\.dat: byte offset: .*got 9999999/,
  ],
  [
    'two offsets in one file',
    record({
      signals: [
        { ...MLII, modifiers: '+1' },
        { ...V5, modifiers: '+2' },
      ],
    }),
    /byte offset: expected one .*got 1 and 2/,
  ],
  [
    'two formats in one file',
    record({ signals: [MLII, { ...V5, format: 16 }] }),
    /format: expected one .*got 212 and 16/,
  ],
  ['an unknown format', record({ signals: both({ format: 516 }) }), /signal format: expected one of 8, 16, .*got 516/],
  [
    'a lead that was not recorded',
    record({ signals: both({ format: 0 }) }),
    /lead "MLII": expected samples, got format 0/,
  ],
  [
    'a file from the standard input',
    record({ signals: both({ file: '-' }) }),
    /expected a file, got "-", the standard input/,
  ],
  [
    'signals of a file that are apart',
    record({ signals: [MLII, { ...V5, file: 'b.dat' }, V5] }),
    /all signals of 100\.dat one after another/,
  ],
  ['a gain that is no number', record({ signals: both({ gain: 'high' }) }), /ADC gain: .*got "high"/],
  [
    'a baseline that is no whole number',
    record({ signals: both({ gain: '200(1.5)' }) }),
    /ADC gain: .*got "200\(1\.5\)"/,
  ],
  [
    'a pressure',
    record({ signals: both({ gain: '200/mmHg' }) }),
    /lead "MLII": expected a voltage in mV.*got units "mmHg".*--lead: MLII, V5/,
  ],
  [
    'a gain that makes kilovolts',
    record({ signals: both({ gain: '0.001' }) }),
    /record 100: lead "MLII": expected -169 to 159 mV, got -?\d+ mV; check gain/,
  ],
  [
    'an ADC resolution that is no number',
    record({ header: line(' 11 ', ' x ') }),
    /signal 0: ADC resolution: .*got "x"/,
  ],
  ['an ADC zero that is no number', record({ header: line(' 1024 ', ' x ') }), /signal 0: ADC zero: .*got "x"/],
  ['an initial value that is no number', record({ header: line(/1024 \d+ /, '1024 x ') }), /initial value: .*got "x"/],
  ['a checksum that is no number', record({ header: line(/-?\d+ 0 MLII/, 'x 0 MLII') }), /checksum: .*got "x"/],
  ['a block size that is no number', record({ header: line(' 0 MLII', ' x MLII') }), /block size: .*got "x"/],
  [
    'a wrong checksum',
    record({ signals: both({ checksum: 77 }) }),
    /100\.dat: signal "MLII": checksum: expected 77.*got -?\d+/,
  ],
  [
    'a wrong first sample, without checksum',
    record({ signals: both({ initialValue: 77, checksum: 0 }) }),
    /first sample: expected 77.*got \d+/,
  ],
  [
    'a signal file that is cut short',
    record({ recordLine: line(/\d+$/, '14401') }),
    /expected 28802 samples \(14401 frames of 2\).*got 28800; the file is cut short/,
  ],
  ['no signal file', without('100.dat'), /100\.dat: expected the file that holds signal 0 of .*100\.hea, got none/],
  [
    'no annotations',
    without('100.atr'),
    /100\.atr: expected the file that says where the beats of record 100 are, got none/,
  ],
  [
    'segments that do not add up',
    segments(`100/2 2 360 ${2 * HALF + 1}`, {}),
    /number of samples: expected 14400, as in its segments, got 14401/,
  ],
  [
    'segments with other signals than the record',
    segments('100/2 3 360', {}),
    /number of signals: expected 2, as in its segments, got 3/,
  ],
  [
    'a segment of another rate',
    segments('100/2 2 360', { rate: 250 }),
    /segment 1 \("100_2"\): sampling frequency: expected 360, got 250/,
  ],
  [
    'a segment of another length',
    segments('100/2 2 360', {}, `100_1 ${HALF}`, `100_2 ${HALF - 1}`),
    /segment 1 \("100_2"\): number of samples: expected 7199, got 7200/,
  ],
  [
    'a segment of another order',
    segments('100/2 2 360', { signals: [V5, MLII] }),
    /100_2\.hea: signal 0: expected "MLII".*got "V5"/,
  ],
  [
    'a segment that is not there',
    segments('100/3 2 360', {}, `100_1 ${HALF}`, `100_2 ${HALF}`, '100_3 9'),
    /100_3\.hea: expected the file that describes record 100_3, got none/,
  ],
  [
    'a segment of segments',
    segments('100/2 2 360', { recordLine: line('100_2 2', '100_2/1 2') }),
    /segments: expected none inside a segment/,
  ],
  [
    'more samples than a lead may have',
    segments('100/3 2 360', {}, `100_1 ${HALF}`, `100_2 ${HALF}`, '~ 999999999'),
    /100\.hea: expected at most 268435456 samples of a lead, got 1000014399/,
  ],
  [
    'control characters, which are shown as such',
    record({ recordLine: line(' 2 ', ' \u001B[2J ') }),
    /number of signals: .*got "\\x1b\[2J"/,
  ],
  ['no segments', segments('100/0 2 360', {}), /number of segments: expected a whole number from 1 on, got "0"/],
  ['fewer segment lines than segments', segments('100/3 2 360', {}), /expected 3 segment lines.*got 2/],
  [
    'annotations without an end',
    file('100.atr', annotate(beatsAt(360)).slice(0, -2)),
    /100\.atr: expected a zero word at the end.*cut short/,
  ],
  ['annotations that end in SKIP', file('100.atr', Uint8Array.of(0, 59 << 2, 1, 0)), /100\.atr: expected a zero word/],
  [
    'AHA annotations',
    file(
      '100.atr',
      Uint8Array.from({ length: 32 }, (_, i) => (i === 1 ? 78 : 0)),
    ),
    /expected annotations in MIT format, got AHA/,
  ],
  [
    'an annotation code that there is not',
    file('100.atr', annotate([{ time: 1, code: 53 }])),
    /byte 0: expected an annotation code of at most 49, or 59 to 63, got 53/,
  ],
  [
    'AUX before any annotation',
    file('100.atr', Uint8Array.of(2, 63 << 2, 65, 65, 0, 0)),
    /byte 0: expected an annotation before SUB or AUX/,
  ],
  [
    'AUX of 300 bytes',
    file('100.atr', annotate([{ time: 1, aux: 'x'.repeat(300) }])),
    /expected AUX of at most 255 bytes, got 300/,
  ],
  [
    'a time resolution that is no number',
    record({ annotations: annotate([timeResolution('## time resolution: fast')]) }),
    /100\.atr: expected a note at time 0.*got "## time resolution: fast"/,
  ],
  [
    'a time resolution of 0',
    record({ annotations: annotate([timeResolution('## time resolution: 0')]) }),
    /got "## time resolution: 0"/,
  ],
  [
    'a time resolution behind the start',
    record({ annotations: annotate([{ ...timeResolution('## time resolution: 720'), time: 5 }]) }),
    /at time 5/,
  ],
  [
    'a symbol that the file redefines',
    record({ annotations: annotate([{ time: 0, code: NOTE, aux: '5 N not what it was' }, ...beatsAt(360)]) }),
    /100\.atr: annotation code 5: expected "V", as everywhere, got the definition "N"/,
  ],
  [
    'two time resolutions',
    record({ annotations: annotate(['1', '2'].map((ticks) => timeResolution(`## time resolution: ${ticks}`))) }),
    /expected one time resolution, got .*: 1" and .*: 2"/,
  ],
];

describe('a record is refused, with file, field and value, for', () => {
  it.each(REFUSED)('%s', (_, write, message) => {
    write();
    let text = '';
    try {
      load();
    } catch (error) {
      text = (error as Error).message;
    }
    expect(text).toMatch(message);
    expect(text).not.toContain('\n');
  });

  it('a lead that it does not have, naming those that it has', () => {
    writeRecord(folder);
    expect(() => load('aVF')).toThrow(/100\.hea: expected a lead "aVF", got MLII, V5; choose with --lead/);
  });
});

describe('damaged records', () => {
  const CHARACTERS = [...'0123456789-+./()x: eE#~\n\t"'].map((character) => character.charCodeAt(0));

  /** Some bytes changed, taken out or put in. */
  function damaged(file: Buffer, isText: boolean, random: Random): Buffer {
    const byte = (): number => (isText ? CHARACTERS[random.below(CHARACTERS.length)]! : random.below(256));
    let bytes = file;
    for (let change = random.below(4); change >= 0; change--) {
      const at = random.below(bytes.length + 1);
      const more = [[], [byte()], Array.from({ length: random.below(9) }, byte)][random.below(3)]!;
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(more), bytes.subarray(at + random.below(3))]);
    }
    return bytes;
  }

  it('are read or refused in one line of at most 600 characters, never by an error of another kind', () => {
    const random = new Random(3);
    writeRecord(folder, { seconds: 12, annotations: annotate(beatsAt(360).slice(0, 9)) });
    const files = ['hea', 'dat', 'atr'].map((end) => join(folder, `100.${end}`));
    const whole = files.map((path) => readFileSync(path));
    const refused = new Set<string>();
    for (let i = 0; i < 600; i++) {
      const which = [0, 0, 1, 2][i % 4]!;
      writeFileSync(files[which]!, damaged(whole[which]!, which === 0, random));
      try {
        load();
      } catch (error) {
        expect((error as Error).constructor).toBe(Error);
        expect((error as Error).message).toMatch(/^[^\n]{20,600}$/);
        refused.add((error as Error).message);
      }
      writeFileSync(files[which]!, whole[which]!);
    }
    expect(refused.size).toBeGreaterThan(200);
  });
});

describe('header and annotations', () => {
  it('keep what windows do not need', () => {
    const text = 'x 1 250/125(3.5) 9 1:2:3 4/5/2006\nx.dat 16x2:3+4 100(-7)/uV 12 5 6 7 512 lead  one\n# info\n';
    expect(parseHeader(text, 'x.hea')).toMatchObject({
      counter: { rate: 125, base: 3.5 },
      baseTime: '1:2:3',
      baseDate: '4/5/2006',
      comments: ['info'],
      signals: [
        { adcResolution: 12, adcZero: 5, initialValue: 6, checksum: 7, blockSize: 512, description: 'lead  one' },
      ],
    });
  });

  it('carry subtype, channel, number and text; NUM and CHN hold until they change', () => {
    const marks = [
      { time: 18, code: N },
      { time: 70_000, code: V, subtype: -1, channel: 1, number: 2 },
      { time: 70_100, code: NOTE, aux: '(VT' },
      { time: 70_101, code: 15 },
    ];
    expect(decodeAnnotations(annotate(marks), 'x.atr')).toEqual([
      { time: 18, symbol: 'N', subtype: 0, channel: 0, number: 0, aux: '' },
      { time: 70_000, symbol: 'V', subtype: -1, channel: 1, number: 2, aux: '' },
      { time: 70_100, symbol: '"', subtype: 0, channel: 1, number: 2, aux: '(VT' },
      { time: 70_101, symbol: '[15]', subtype: 0, channel: 1, number: 2, aux: '' },
    ]);
  });
});
