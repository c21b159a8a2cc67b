// LMDB prints its message about a page that it could not write into 100 bytes. For most numbers that
// is enough, or nobody notices; some ten times in a hundred it ends the process. With this it does so
// each time.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const SPRINTF = `
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int sprintf(char *to, const char *format, ...) {
  if (strstr(format, "Attempting to write page")) abort();
  va_list values;
  va_start(values, format);
  int length = vsprintf(to, format, values);
  va_end(values);
  return length;
}
`

/** Arguments of strace for a program in which each such error of LMDB is fatal. Needs gcc. */
export function fatalWriteErrors(): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'rollcast-sprintf-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const source = join(dir, 'sprintf.c')
  const library = join(dir, 'sprintf.so')
  writeFileSync(source, SPRINTF)
  execFileSync('gcc', ['-shared', '-fPIC', '-fno-builtin', '-o', library, source])
  return ['-E', `LD_PRELOAD=${library}`]
}
