/** How the page looks: one column that a phone can hold, wide pictures and tables in boxes that scroll. */
import { THEME } from './theme.ts';

export const STYLE = `${THEME}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main,header,footer{max-width:64rem;margin:0 auto;padding:0 1rem}
header{padding-top:2rem}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.5rem 0 .5rem}
p{margin:.25rem 0 .75rem}
.quiet{color:var(--quiet)}
.hash{font:12px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1rem 0}
dl div{border:1px solid var(--grid);border-radius:.5rem;padding:.5rem .75rem}
dt{color:var(--quiet);font-size:.8rem}
dd{margin:0;font-size:1.15rem;font-weight:600}
dd small{font-size:.8rem;font-weight:400}
.wide{overflow-x:auto;margin:.5rem 0 1rem}
.wide:focus-visible{outline:2px solid var(--blue)}
table{border-collapse:collapse;font-size:.875rem;min-width:100%}
th,td{padding:.25rem .75rem;text-align:left;border-bottom:1px solid var(--grid);white-space:nowrap}
th{color:var(--quiet);font-weight:600}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.yes{color:var(--green)}.no{color:var(--red)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;margin:1rem 0}
a{color:var(--blue)}
footer{padding-bottom:3rem;margin-top:3rem;font-size:.875rem}
@media print{.wide{overflow:visible}}`;
