// The assembler against GNU as: every line of the golden files, and whole programs byte by byte.
// The files are made by scripts/golden/asm-golden.ts; GNU as is not needed here.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AsmError, assemble, assembleOne } from '../../src/asm/index.ts'

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '../fixtures/asm', name), 'utf8')
const linesOf = (name: string): string[] => fixture(name).split('\n').filter(l => l !== '')
const hex = (w: number): string => w.toString(16).padStart(8, '0')

const attempt = (line: string): string => {
  try {
    return hex(assembleOne(line))
  } catch (err) {
    if (err instanceof AsmError) return err.message
    throw err
  }
}

const golden = linesOf('instructions.golden').map(l => l.split('\t') as [string, string])

t.test('every instruction line has GNU as\'s encoding', t => {
  t.ok(golden.length > 10_000, 'the golden file is whole')
  const wrong = golden.map(([want, line]) => [line, want, attempt(line)]).filter(([, want, got]) => want !== got)
  t.same(wrong.slice(0, 20), [])
  t.end()
})

t.test('the same lines as one program, each at its own address', t => {
  const { code } = assemble(golden.map(([, line]) => line).join('\n'), { base: 0xffff_8000_0800_0000n })
  const view = new DataView(code.buffer)
  t.equal(code.length, golden.length * 4)
  const wrong = golden.map(([want, line], i) => [line, want, hex(view.getUint32(i * 4, true))]).filter(([, want, got]) => want !== got)
  t.same(wrong.slice(0, 20), [])
  t.end()
})

t.test('upper case and wide spacing change nothing', t => {
  const wrong = golden
    .filter((_, i) => i % 7 === 0)
    .map(([want, line]) => [line, want, attempt(`  ${line.toUpperCase().replaceAll('0X', '0x').replaceAll(',', ' ,\t').replace(' ', '   ')} `)])
    .filter(([, want, got]) => want !== got)
  t.same(wrong.slice(0, 20), [])
  t.end()
})

t.test('lines GNU as refuses are refused', t => {
  const lines = linesOf('rejects.golden')
  t.ok(lines.length > 2_000, 'the golden file is whole')
  t.same(lines.filter(l => /^[0-9a-f]{8}$/.test(attempt(l))), [])
  t.end()
})

t.test('whole programs: directives, macros, literal pools, labels', t => {
  for (const line of linesOf('programs.golden')) {
    const [name, base, want] = line.split('\t')
    const { code } = assemble(fixture(`${name}.s`), { base: BigInt(base) })
    t.equal(Buffer.from(code).toString('hex'), want, name)
  }
  t.end()
})
