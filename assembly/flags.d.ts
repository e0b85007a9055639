// Names that a target of asconfig.json may define with --use; the sources only ask isDefined(NAME).
declare const HTPW_DSP: bool;
declare const HTPW_SIMD: bool;
