// Lets the host import the constants-only files of assembly/ (format.ts, status.ts): one source for both sides.
declare type i32 = number;
declare type u32 = number;
