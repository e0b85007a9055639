/**
 * PTB-XL (Wagner et al. 2020): 21,799 ECGs of ten seconds and twelve leads at 100 Hz, normal or not, in ten folds by
 * patient. `ptbxl_database.csv` lists them; records are WFDB of 16 bits under `records100/`.
 */
import { basename, dirname, join } from 'node:path';
import * as json from '../../system/json.ts';
import { MILLIVOLT_ZERO, UNITS_PER_MILLIVOLT } from '../beats.ts';
import type { DataSet, Request } from '../dataset.ts';
import { readCsv } from '../formats/csv.ts';
import { accountOf, type Part, type Split } from '../part.ts';
import { lengthOf, type Samples, samplesOf } from '../signal.ts';
import { quantized } from '../sliding.ts';
import { findFile, readFile } from '../wfdb/files.ts';
import { readLead } from '../wfdb/record.ts';

const RATE = 100; // Hz
const LABELS = ['normal', 'abnormal'] as const;
const TABLE = 'ptbxl_database.csv';
const COLUMNS = ['ecg_id', 'patient_id', 'scp_codes', 'strat_fold', 'filename_lr'] as const;

/** As its authors have it: folds 9 and 10 were looked at by people with more care. */
const splitOf = (fold: number): Split => (fold === 10 ? 'test' : fold === 9 ? 'validation' : 'train');

interface Row {
  record: string;
  patient: string;
  split: Split;
  label: number;
}

/** Throws for a table without one of the columns, and for a row that is damaged. */
function rowsIn(folder: string): Row[] {
  const { bytes, path } = readFile(folder, TABLE, 'lists the ECGs');
  const isColumn = (name: string): boolean => (COLUMNS as readonly string[]).includes(name);
  const kinds = (names: readonly string[]) =>
    names.map((name) => (isColumn(name) ? 'text' : 'skip') as 'text' | 'skip');
  const table = readCsv(bytes, path, { delimiter: ',', header: true, kinds });
  const [ids, patients, codes, folds, files] = COLUMNS.map((name) => {
    const at = table.names.indexOf(name);
    if (at < 0) throw new Error(`${path}: expected a column ${name}, got ${table.names.join(', ')}; fetch it again`);
    return table.columns[at] as string[];
  }) as [string[], string[], string[], string[], string[]];
  return ids.map((id, i) => {
    const [fold, record] = [Number(folds[i]), files[i]!];
    if (!(Number.isInteger(fold) && fold >= 1 && fold <= 10) || record === '')
      throw new Error(`${path}: ECG ${id}: expected a fold from 1 to 10 and a file, got "${folds[i]}" and "${record}"`);
    // "15709.0": the table was once one of floats
    return { record, patient: String(Number(patients[i])), split: splitOf(fold), label: isNormal(codes[i]!) ? 0 : 1 };
  });
}

/** Statements are written as in Python: {'NORM': 100.0, 'SR': 0.0}. */
const isNormal = (statements: string): boolean => /'NORM'/.test(statements);

function load(split: Split, { folder, signal, options }: Request): Part {
  if (findFile(folder, TABLE) === null)
    throw new Error(`ptb-xl: expected ${TABLE} in ${folder}, got none; set HTPW_DATA to the folder that holds ptb-xl/`);
  const listed = rowsIn(folder).filter((row) => row.split === split);
  const rows = listed.filter(({ record }) => findFile(folder, `${record}.hea`) !== null);
  const leads = options.leads as string[];
  if (leads.length !== signal.shape[2])
    throw new Error(`ptb-xl: expected ${signal.shape[2]} leads, one a channel of the input, got ${leads.join(', ')}`);
  const windows = rows.map(({ record }) => windowOf(folder, record, leads, { ...signal }));
  const kept = rows.map((row, i) => ({ row, window: windows[i]! })).filter(({ window }) => window !== null);
  if (kept.length === 0)
    throw new Error(`ptb-xl: no ECG of the ${split} split in ${folder}: expected its records100/; add some`);
  const samples = samplesOf(signal, kept.length * lengthOf(signal));
  kept.forEach(({ window }, i) => {
    samples.set(window!, i * lengthOf(signal));
  });
  const set = {
    signal,
    samples,
    labels: Uint8Array.from(kept, ({ row }) => row.label),
    groups: kept.map(({ row }) => row.patient),
    records: kept.map(({ row }) => row.record),
    times: new Float64Array(kept.length),
    classNames: LABELS,
  };
  const leftOut = { 'with samples that are invalid, or fewer than a window has': rows.length - kept.length };
  const assumed =
    listed.length > rows.length ? [`${listed.length - rows.length} ECGs of the table are not at hand`] : [];
  return { ...set, account: accountOf(set, { data: 'ptb-xl', split, folder, unit: 'ECG', leftOut, assumed }) };
}

/** The beginning of an ECG, in mV; null where samples are missing. */
function windowOf(folder: string, record: string, leads: readonly string[], signal: Request['signal']): Samples | null {
  const [, width, channels] = signal.shape;
  const window = samplesOf(signal, width * channels);
  for (const [c, lead] of leads.entries()) {
    const { samples, rate } = readLead(join(folder, dirname(record)), basename(record), lead);
    if (rate !== RATE) throw new Error(`ptb-xl: ${record}: expected ${RATE} Hz, got ${rate}; give records100/`);
    for (let p = 0; p < width; p++) {
      const sample = samples[p];
      if (sample === undefined || Number.isNaN(sample)) return null;
      window[p * channels + c] = quantized((sample - MILLIVOLT_ZERO) / UNITS_PER_MILLIVOLT, signal);
    }
  }
  return window;
}

export const ptbXl: DataSet = {
  name: 'ptb-xl',
  title: 'PTB-XL 1.0.3',
  licence: 'CC BY 4.0',
  citation: 'Wagner, Strodthoff, Bousseljot, Kreiseler, Lunze, Samek & Schaeffter, Scientific Data 7, 2020',
  files: [
    {
      url:
        'https://physionet.org/static/published-projects/ptb-xl/' +
        'ptb-xl-a-large-publicly-available-electrocardiography-dataset-1.0.3.zip',
      path: 'ptb-xl-1.0.3.zip',
      bytes: null,
      sha256: null,
    },
  ],
  about:
    'PTB-XL at 100 Hz in the folds of its authors, which are by patient: 1 to 8 for training, 9 for validation, 10 for the ' +
    'test. Normal is what has the statement NORM.',
  unit: 'ECG',
  group: 'patient',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({ leads: json.optional(json.list(json.text, 'a list of names of leads'), ['II']) }),
  isThere: (folder) => findFile(folder, TABLE) !== null,
  signalFault: ({ shape: [height, width], rate, event }) => {
    if (height !== 1 || width > 10 * RATE) return ['shape', `one row of at most ${10 * RATE} positions`];
    if (rate !== RATE) return ['rate', `${RATE}, as the recordings have`];
    return event === null ? null : ['event', 'null, as a label is about the whole ECG'];
  },
  load,
};
