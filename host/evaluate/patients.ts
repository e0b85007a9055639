/**
 * Which patient a record belongs to. Confidence intervals resample patients, because the beats of one are alike.
 * Records 201 and 202 of the MIT-BIH Arrhythmia Database come from the same man; elsewhere a record is a patient.
 */
export type RecordName = string | number;

export function patientOf(record: RecordName): string {
  return String(record) === '202' ? '201' : String(record);
}

export interface Patients {
  names: string[];
  /** [n] index into names, for every beat */
  of: Int32Array;
}

/** Numbers the patients in order of first appearance. */
export function groupByPatient(records: ArrayLike<RecordName>): Patients {
  const index = new Map<string, number>();
  const of = Int32Array.from({ length: records.length }, (_, i) => {
    const name = patientOf(records[i]);
    const known = index.get(name) ?? index.size;
    index.set(name, known);
    return known;
  });
  return { names: [...index.keys()], of };
}
