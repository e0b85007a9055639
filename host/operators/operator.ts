/** All that the host must know of one kind of operator; registry.ts has one such record for each. */
import type { ChannelTable } from '../arithmetic/channels.ts';
import type { Model, Operator, Program, Tensor, WeightedOperator } from '../model/model.ts';
import type { WeightLayout } from '../model/weights.ts';
import type { Category } from '../records/categories.ts';
import type { ImageView, OperatorView, ProgramView, SourceView, TensorView } from '../records/view.ts';
import type { ImportRule } from './lowering.ts';
import type { Ranges } from './ranges.ts';
import type { Scales } from './scales.ts';

export type PlainOperator = Exclude<Operator, WeightedOperator>;

/** What is known of every kind. */
export interface CommonKind<O extends Operator> {
  /** the kind's code in images, which the device's file states too */
  code: number;
  /** in front of a number in plots and tables: PW1, PW2 ... */
  short: string;
  about: About;
  /** The fields of an operator that an image holds, which `open` has proved. */
  decode(record: Decoding): Fields<O>;
  /** The slow twin: the values of the output. Throws RangeError for tensors that do not fit the operator. */
  run(operator: O, execution: Execution): Int8Array;
  /** Bounds of the values of each output channel, from those of the inputs. */
  ranges(operator: O, bounding: Bounding): Ranges;
  /** whether it works on each channel by itself, from the channels of its inputs to that of its output */
  channelwise: boolean;
  /**
   * What height and width of its tensors are to it: `counted`, only positions, of each tensor by itself; `alike`, the same
   * of all that have more than one position, in whatever order they lie; `window`, what its window moves over. Left out
   * by a kind that needs each as it is.
   */
  size?: 'counted' | 'alike' | 'window';
  /**
   * Which positions of its inputs a position of its output reads: its own, or those under its window. None where it may
   * be any, so that the operator cannot run on some positions alone.
   */
  reach?: 'position' | 'window';
}

/** What docs/operators.md says of a kind, in Markdown. */
export interface About {
  does: string;
  /** shapes of its inputs and of its output */
  reads: string;
  writes: string;
  /** rows x row length */
  weights?: string;
}

/** An operator without weights. */
export interface PlainKind<O extends PlainOperator> extends CommonKind<O> {
  /** how many i32 of parameters it has in an image, what they are, and what stands behind; none where it has none */
  parameters?: { words: number; are: string; behind?: string };
  /** how operators of .tflite files become this one, or it and others, by their names there */
  imports?: Readonly<Record<string, ImportRule>>;
  /** Its parameters. Throws for what does not fit them. */
  encode(operator: O, tensors: readonly Tensor[]): number[];
  /** FEATURE_* of assembly/features.ts that it takes beside that of its kind; none where it has only one kernel. */
  features?(operator: OperatorView, tensors: readonly TensorView[]): number[];
  /** Tensors that it, in every variant, reads at a place for the last time before it writes its output there. */
  overwrites(operator: OperatorView, tensors: readonly TensorView[]): number[];
  /** The one piece of its input that is all it writes; null where it does more. Only for a kind that moves values. */
  moves?(image: ImageView, operator: OperatorView): Piece | null;
  /** The tensor that it keeps from one inference to the next. Only for a kind with a state. */
  keeps?(operator: OperatorView): number;
  /** The scale of its output, where its parameters say that by themselves. */
  outputScale?(record: OperatorRecord): number;
  /** Completes the scales of its tensors from those that are known; with `start`, although none of them is. */
  tie?(record: OperatorRecord, scales: Scales, start: boolean): void;
}

/** An operator with weights: its parameters are a table of its channels, which records/channelTable.ts writes. */
export interface WeightedKind<O extends WeightedOperator> extends CommonKind<O> {
  /** How its weights belong to its channels. */
  layout(operator: O, tensors: readonly Tensor[]): WeightLayout;
  /** The sum of each output channel's weights. */
  sums(weights: Int8Array, channels: number): Int32Array;
  /** What bytes of stored weights count as; `first` of this kind in its program. */
  category(first: boolean): Category;
  /** FEATURE_* of assembly/features.ts: the kernels that it takes in any variant. */
  features(operator: OperatorView, source: SourceView): number[];
}

export type OperatorKind<O extends Operator> = O extends WeightedOperator
  ? WeightedKind<O>
  : O extends PlainOperator
    ? PlainKind<O>
    : never;

/** What an operator has beside its kind, name, first input and output. */
export type Fields<O extends Operator> = O extends Operator ? Omit<O, 'kind' | 'name' | 'input' | 'output'> : never;

/** Bytes that a copy takes from an offset in its input to one in its output. */
export interface Piece {
  from: number;
  to: number;
  bytes: number;
}

/** An operator of an image. */
export interface OperatorRecord {
  image: ImageView;
  program: ProgramView;
  view: OperatorView;
  /** The i-th i32 of its parameters. */
  parameter(i: number): number;
}

/** The same with what has been read before it. */
export interface Decoding extends OperatorRecord {
  tensors: readonly Tensor[];
  /** rows of every source as INT8 */
  materialized: readonly Int8Array[];
}

/** What a slow twin runs on. */
export interface Execution {
  tensors: readonly Tensor[];
  /** INT8 values; throws unless they have been computed. */
  values(tensor: number): Int8Array;
  /** Raw i16 samples; throws for a tensor that has none. */
  samples(tensor: number): Int16Array;
  /** What a tensor held before the operator; zeros if nothing has written it. */
  before(tensor: number): Int8Array;
  /** What the inference before left in a tensor that outlives one; null for the first after a load or a reset. */
  kept(tensor: number): Int8Array | null;
  /** Leaves values there for the next. */
  keep(tensor: number, values: Int8Array): void;
  /** Rows and table of an operator as the device has them. */
  weights(operator: WeightedOperator): { weights: Int8Array; table: ChannelTable };
}

/** What bounds follow from. */
export interface Bounding {
  model: Model;
  program: Program;
  /** by tensor */
  ranges: readonly Ranges[];
}
