/** What pages are made of: the records in bench/ and the boards in boards/. */
import { type Board, listBoards, loadBoard } from '../boards/board.ts';
import type { LibraryRecord } from '../build/librarySize.ts';
import type { EvidenceRecord } from '../evidence/record.ts';
import { recordedBoards } from '../measure/benchmarks.ts';
import type { CycleRecord } from '../measure/cycles/measure.ts';
import type { DeployRecord } from '../measure/deployments.ts';
import type { Figures } from '../measure/figures.ts';
import type { FloatRecord } from '../measure/float.ts';
import type { ImportedRecord } from '../measure/imported.ts';
import type { JoinRecord } from '../measure/joined.ts';
import type { PruneRecord } from '../measure/pruned.ts';
import { readRecord } from '../measure/records.ts';
import type { RouteRecord } from '../measure/routes.ts';
import type { SliceRecord } from '../measure/slices.ts';
import type { TrainingRecord } from '../measure/tables.ts';
import type { Reliability } from '../reliability/measure.ts';

export interface Records {
  boards: Board[];
  /** of the boards with a record: Cortex-M from the largest down, then others */
  figures: Figures[];
  imported: ImportedRecord;
  float: FloatRecord;
  deploy: DeployRecord;
  library: LibraryRecord;
  reliability: Reliability;
  training: TrainingRecord;
  prune: PruneRecord;
  join: JoinRecord;
  route: RouteRecord;
  slices: SliceRecord;
  evidence: EvidenceRecord;
  cycles: CycleRecord;
}

/** What is in bench/ and boards/ now. */
export const readRecords = (): Records => ({
  boards: listBoards(),
  figures: recordedBoards()
    .toSorted((a, b) => rank(a) - rank(b))
    .map((board) => readRecord<Figures>(board)),
  imported: readRecord('imported'),
  float: readRecord('float'),
  deploy: readRecord('deploy'),
  library: readRecord('clib'),
  reliability: readRecord('reliability'),
  training: readRecord('train'),
  prune: readRecord('prune'),
  join: readRecord('join'),
  route: readRecord('route'),
  slices: readRecord('slices'),
  evidence: readRecord('evidence'),
  cycles: readRecord('cycles'),
});

/** The number of a Cortex-M, largest first; behind them other cores. */
const rank = (board: string): number => -Number(/Cortex-M(\d+)/.exec(loadBoard(board).core)?.[1] ?? -1);
