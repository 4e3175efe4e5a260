// Source text into statements: comments dropped, lines split at ';', strings left whole.

import { AsmError } from './error.ts'

/** One statement and the line (1-based) it starts on; `via` names the macro call it came from. */
export interface Statement {
  text: string
  line: number
  via?: string
}

const SPECIAL = /["';]|\/[/*]/

/** Splits `source`. Throws AsmError for a comment or string without an end. */
export const splitStatements = (source: string): Statement[] => {
  const out: Statement[] = []
  const lines = source.split('\n')
  let comment = 0
  for (let n = 0; n < lines.length; n++) {
    let text = lines[n]
    if (comment > 0) {
      const end = text.indexOf('*/')
      if (end < 0) continue
      text = text.slice(end + 2)
      comment = 0
    } else if (!SPECIAL.test(text)) {
      const body = text.trim()
      if (body !== '' && body[0] !== '#') out.push({ text: body, line: n + 1 })
      continue
    }
    let from = 0
    let kept = ''
    const flush = (to: number): void => {
      const body = (kept + text.slice(from, to)).trim()
      if (body !== '' && body[0] !== '#') out.push({ text: body, line: n + 1 })
      kept = ''
    }
    let i = 0
    while (i < text.length) {
      const ch = text[i]
      if (ch === '"') {
        for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
        if (i >= text.length) throw new AsmError('unterminated string', n + 1, text.trim())
        i++
      } else if (ch === "'") {
        i += text[i + 1] === '\\' ? 3 : 2
        if (text[i] === "'") i++
      } else if (ch === ';') {
        flush(i)
        from = ++i
      } else if (ch === '/' && text[i + 1] === '/') {
        break
      } else if (ch === '/' && text[i + 1] === '*') {
        kept += `${text.slice(from, i)} `
        const end = text.indexOf('*/', i + 2)
        if (end < 0) {
          comment = n + 1
          from = i = text.length
          break
        }
        from = i = end + 2
      } else {
        i++
      }
    }
    flush(i)
  }
  if (comment > 0) throw new AsmError('unterminated comment', comment, '/*')
  return out
}

/** The first word of a statement behind its labels: a directive or a mnemonic, lower case. */
export const leadingWord = (text: string): string =>
  /^(?:[\w.$]+\s*:(?!:)\s*)*([\w.$]+)?/.exec(text)?.[1]?.toLowerCase() ?? ''

/**
 * Index of the statement that closes the block opened before `from`, counting nested blocks.
 * -1 when it is missing.
 */
export const blockEnd = (statements: Statement[], from: number, open: readonly string[], close: string): number => {
  let depth = 1
  for (let i = from; i < statements.length; i++) {
    const word = leadingWord(statements[i].text)
    if (word === close) {
      if (--depth === 0) return i
    } else if (open.includes(word)) {
      depth++
    }
  }
  return -1
}
