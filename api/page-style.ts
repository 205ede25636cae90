/** The one style sheet of all pages: light and dark by the visitor's preference, no font but the system's. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#17211d, #e6ece9); --soft: light-dark(#54615b, #9fb0a8); --paper: light-dark(#fbfcfa, #111614);
  --raised: light-dark(#ffffff, #171e1b); --line: light-dark(#dfe5e1, #2a3430); --accent: light-dark(#0a6b4b, #57d3a1);
  --code: light-dark(#f3f6f4, #0c100f);
}
* { box-sizing: border-box }
html { scroll-padding-top: 4.5rem; -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.65 system-ui, sans-serif }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .06em }
a:hover { text-decoration-thickness: .12em }
:focus-visible { outline: .15rem solid var(--accent); outline-offset: .15rem; border-radius: .2rem }
.skip { position: absolute; left: -100vw; padding: .5rem 1rem; background: var(--accent); color: var(--paper); z-index: 2 }
.skip:focus { left: .5rem; top: .5rem }
header { position: sticky; top: 0; z-index: 1; background: var(--paper); border-bottom: 1px solid var(--line) }
header > div { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; height: 3.5rem; display: flex; align-items: center; gap: 1.75rem }
.brand { font-weight: 700; font-size: 1.1rem; letter-spacing: -.01em; color: var(--ink); text-decoration: none; display: flex; align-items: center; gap: .5rem }
.brand svg { width: 1.4rem; height: 1.4rem }
header nav { display: flex; gap: 1.25rem; overflow-x: auto; font-size: .95rem; white-space: nowrap; padding: .5rem .2rem }
header nav a { color: var(--soft); text-decoration: none } header nav a:hover { color: var(--ink) }
[aria-current] { color: var(--accent) !important; font-weight: 600 }
.frame { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; display: flex; gap: 3.5rem }
.frame > nav { flex: none; width: 12rem; padding-top: 2.75rem; font-size: .95rem }
.frame > nav ul { list-style: none; margin: 0; padding: 0; position: sticky; top: 6rem }
.frame > nav a { display: block; padding: .28rem 0; color: var(--soft); text-decoration: none }
.frame > nav a:hover { color: var(--ink) }
/* Scalar, which draws the explorer, is told how tall the header is. */
.explorer { --scalar-custom-header-height: 3.5rem }
.frame main { flex: 1; min-width: 0; max-width: 52rem; padding: 2.5rem 0 5rem }
.landing .frame main { max-width: none }
.frame main {
  h1 { font-size: clamp(1.8rem, 5vw, 2.3rem); line-height: 1.15; letter-spacing: -.022em; margin: 0 0 1rem; text-wrap: balance }
  .landing & h1 { font-size: clamp(2.1rem, 6vw, 3.4rem); max-width: 18ch; margin-top: 1.5rem }
  .landing & h1 + p { font-size: 1.15rem; color: var(--soft) }
  h2 { font-size: 1.4rem; letter-spacing: -.012em; line-height: 1.3; margin: 3rem 0 .75rem }
  h3 { font-size: 1.08rem; margin: 2rem 0 .5rem }
  p, ul, ol { margin: 0 0 1.1rem; max-width: 46rem } li { margin: .3rem 0 }
  code { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--code); padding: .1em .35em; border-radius: .3rem; overflow-wrap: break-word }
  figure { margin: 0 0 1.5rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--code); overflow: hidden }
  figcaption { padding: .5rem 1rem; border-bottom: 1px solid var(--line); background: var(--raised); color: var(--soft); font: 600 .8rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace }
  pre { margin: 0; padding: .9rem 1rem; overflow-x: auto; font-size: .84rem; line-height: 1.6 }
  pre code { padding: 0; background: none; font-size: inherit; line-height: inherit; overflow-wrap: normal }
  .table { overflow-x: auto; margin: 0 0 1.5rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--raised) }
  table { border-collapse: collapse; width: 100%; font-size: .93rem; line-height: 1.5 }
  th, td { text-align: left; vertical-align: top; padding: .55rem 1rem; border-bottom: 1px solid var(--line) }
  th { font-size: .8rem; color: var(--soft); font-weight: 600; white-space: nowrap } tr:last-child td { border-bottom: 0 }
  td:first-child code, td:nth-child(2) code { white-space: nowrap }
}
footer { border-top: 1px solid var(--line); color: var(--soft); font-size: .9rem }
footer ul { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 2.5rem; list-style: none; display: flex; flex-wrap: wrap; gap: .4rem 1.5rem }
footer a { color: inherit }
@media (min-width: 60rem) {
  /* Two columns of their own, each as long as it is. */
  .landing main figure { width: calc(50% - .6rem); &:nth-of-type(odd) { float: left; clear: left } &:nth-of-type(even) { float: right; clear: right } }
  .landing main h2 { clear: both; margin-top: 0; padding-top: 2rem }
}
@media (max-width: 52rem) {
  .frame { display: block } .frame > nav { width: auto; padding-top: 1rem; overflow-x: auto }
  .frame > nav ul { display: flex; gap: 1.1rem; position: static; white-space: nowrap } .frame > nav li { margin: 0 }
  .frame main { padding-top: 1.25rem }
  /* Rows as blocks: the first cell heads them, and each other one is called by its column. */
  .frame main .table {
    table, tbody, tr, td { display: block } thead { display: none }
    tr { padding: .7rem 1rem; border-bottom: 1px solid var(--line) } tr:last-child { border-bottom: 0 }
    td { padding: .1rem 0; border: 0; overflow-wrap: anywhere; code { white-space: normal } }
    td:empty { display: none } td:first-child { font-weight: 600 }
    td:not(:first-child)::before { content: attr(data-column) ": "; color: var(--soft); font-size: .85em }
  }
  header > div { gap: .9rem; padding: 0 1rem } header nav { gap: .8rem; font-size: .88rem }
}
`
