// Makes test/fixtures/asm/*.golden: what GNU as (aarch64-linux-gnu-as, objdump) says about thousands of lines.
//
//   node scripts/golden/asm-golden.ts [--report] [--scale N] [--seed N]
//
// instructions.golden   hexword<TAB>line; from two sources: random operands for every row of our own
//                       tables, and GNU objdump's reading of random words (so rows we lack show up too)
// rejects.golden        lines GNU as refuses, which we must refuse as well
// programs.golden       name<TAB>base<TAB>image in hex of the whole programs beside it (as, ld, objcopy)
// --report prints where we and GNU as differ instead of writing; --scale and --seed make it a fuzzer.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROWS } from '../../src/asm/encode.ts'
import { AsmError, assembleOne } from '../../src/asm/index.ts'
import { expand } from '../../src/asm/tables/rows.ts'
import { SYSTEM_REGISTERS } from '../../src/asm/tables/sysregs.ts'
import { NAMES } from '../../src/asm/tables/system-names.ts'
import { Random, randomOperand } from './asm-operands.ts'

const FEATURES = [
  'memtag', 'crypto', 'fp16', 'fp16fml', 'bf16', 'i8mm', 'sha3', 'sm4', 'rng', 'profile', 'ls64', 'flagm', 'pauth',
  'predres', 'sb', 'ssbs', 'dotprod', 'rcpc', 'compnum', 'mops', 'hbc', 'tme', 'sve2', 'sme',
]
const MARCH = `-march=armv8.8-a+${FEATURES.join('+')}`
const FIXTURES = join(import.meta.dirname, '../../test/fixtures/asm')
const { values: options } = parseArgs({
  options: { report: { type: 'boolean', default: false }, scale: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
})
const SCALE = Number(options.scale)
const SEED = Number(options.seed) * 0x9e3779b1
const LINES_PER_ENCODING = 2 * SCALE
const RANDOM_WORDS = 400_000 * SCALE
const PER_SHAPE = 2 * SCALE

const work = mkdtempSync(join(tmpdir(), 'asm-golden-'))
const file = (name: string): string => join(work, name)

/** GNU as's word for each line, null for those it refuses. */
const gnuAs = (lines: string[]): (number | null)[] => {
  const run = (text: string): string => {
    writeFileSync(file('t.s'), text)
    return spawnSync('aarch64-linux-gnu-as', [MARCH, '-o', file('t.o'), file('t.s')], { encoding: 'utf8', maxBuffer: 1 << 30 }).stderr
  }
  const bad = new Set<number>()
  for (const m of run(`${lines.join('\n')}\n`).matchAll(/^[^:\n]*:(\d+): Error/gm)) bad.add(Number(m[1]) - 1)
  const good = lines.filter((_, i) => !bad.has(i))
  const left = run(`${good.join('\n')}\n`)
  if (/Error/.test(left)) throw new Error(`GNU as still refuses: ${left.slice(0, 500)}`)
  execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', '-j', '.text', file('t.o'), file('t.bin')])
  const bin = readFileSync(file('t.bin'))
  if (bin.length !== good.length * 4) throw new Error(`expected ${good.length} words, got ${bin.length / 4}`)
  let at = 0
  return lines.map((_, i) => {
    if (bad.has(i)) return null
    at += 4
    return bin.readUInt32LE(at - 4)
  })
}

const fromTables = (): string[] => {
  const r = new Random(SEED + 1)
  const out: string[] = []
  for (const row of ROWS) {
    const encodings = expand(row)
    for (const e of encodings) {
      for (let n = 0; n < LINES_PER_ENCODING; n++) {
        const ops = e.operands.map(o => randomOperand(o, r)).filter(t => t !== '')
        out.push(ops.length === 0 ? e.mnemonic : `${e.mnemonic} ${ops.join(', ')}`)
        if (e.operands.length === 0) break
      }
    }
  }
  for (const name of SYSTEM_REGISTERS.keys()) out.push(`mrs x${r.range(0, 30)}, ${name}`)
  for (const [op, tables] of [['tlbi', ['tlbi0', 'tlbi1']], ['dc', ['dc']], ['ic', ['ic0', 'ic1']], ['at', ['at']]] as const) {
    for (const table of tables) {
      for (const name of NAMES[table].names.keys()) if (!name.endsWith('nxs')) out.push(`${op} ${name}${table.endsWith('0') ? '' : `, x${r.range(0, 30)}`}`)
    }
  }
  return out
}

/** What matters of an instruction's form: its text with numbers and registers blurred. */
const shapeOf = (line: string): string =>
  line
    .replace(/0x[0-9a-f]+/g, '0')
    .replace(/\b(?:xzr|wzr)\b/g, m => `${m[0]}0`)
    .replace(/\b([xwbhsdqv])\d+\b/g, '$1N')
    .replace(/#-?[\d.e+-]+/g, '#0')
    .replace(/\.[+-]\d+$/, '.+N')
    .replace(/\b(?:eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al|nv)\b/g, 'cc')
    .replace(/\[\d+\]/g, '[0]')
    .replace(/^(mrs|msr|sysl?|tlbi|prfu?m) .*/, (_, op: string) => op)

const fromWords = (): string[] => {
  const r = new Random(SEED + 2)
  const bytes = Buffer.alloc(RANDOM_WORDS * 4)
  for (let i = 0; i < RANDOM_WORDS; i++) {
    // Bits 28:25 of 0 and 2 are SVE and unallocated; SIMD and loads get their natural share of the rest.
    const group = r.pick([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 7, 15, 10, 11])
    bytes.writeUInt32LE(((r.bits() & ~(15 << 25)) | (group << 25)) >>> 0, i * 4)
  }
  writeFileSync(file('w.bin'), bytes)
  const text = execFileSync('aarch64-linux-gnu-objdump', ['-D', '-z', '-b', 'binary', '-m', 'aarch64', file('w.bin')], { encoding: 'utf8', maxBuffer: 1 << 30 })
  const seen = new Map<string, number>()
  const out: string[] = []
  for (const line of text.split('\n')) {
    const g = /^\s*([0-9a-f]+):\t[0-9a-f]{8} \t(.*)$/.exec(line)
    if (g === null || /\.inst|undefined|\bz\d|\bp\d+[./]|\bza/.test(g[2])) continue
    const pc = parseInt(g[1], 16)
    let t = g[2].replace(/\s*\/\/.*$/, '').replace(/\t/g, ' ').trim()
    t = t.replace(/\b0x([0-9a-f]+)$/, (all, hex: string) => {
      if (/#0x[0-9a-f]+$/.test(t)) return all
      const d = Number(BigInt.asIntN(64, BigInt(`0x${hex}`))) - pc
      return /^adrp/.test(t) ? `.+${(d + (pc & 4095)) >>> 0 < 2 ** 31 ? (d + (pc & 4095)) : 0}` : `.${d < 0 ? '-' : '+'}${Math.abs(d)}`
    })
    const shape = shapeOf(t)
    const n = seen.get(shape) ?? 0
    if (n >= PER_SHAPE) continue
    seen.set(shape, n + 1)
    out.push(t)
  }
  return out
}

/** Lines spoilt by exchanging one operand for another line's, which is mostly wrong. */
const spoil = (lines: string[]): string[] => {
  const r = new Random(SEED + 3)
  const operands = lines.flatMap(l => l.replace(/^\S+\s*/, '').split(/,\s*(?![^[{]*[\]}])/)).filter(o => o !== '' && !o.includes('.+') && !o.includes('.-'))
  // Where a label may stand, GNU as takes any name, even a register's.
  const strict = lines.filter(l => r.bits() % 4 === 0 && !/\.[-+]|^(?:adr|ldr|ldrsw|prfm)\b/.test(l))
  return strict.map(l => {
    const [, name, rest] = /^(\S+)\s*(.*)$/.exec(l)!
    const ops = rest === '' ? [] : rest.split(/,\s*(?![^[{]*[\]}])/)
    const how = r.bits() % 8
    if (how === 0) ops.push(r.pick(operands))
    else if (how === 1) ops.pop()
    else if (ops.length > 0) ops[r.bits() % ops.length] = r.pick(operands)
    return `${name} ${ops.join(', ')}`.trim()
  })
}

const ours = (line: string): number | string => {
  try {
    return assembleOne(line)
  } catch (err) {
    if (err instanceof AsmError) return err.message
    throw err
  }
}
/** Programs in the fixtures folder and the address each is linked at. */
const PROGRAMS: [string, number][] = [['data', 0x40080000], ['layout', 0], ['program', 0x40080000]]

const linked = (name: string, base: number): string => {
  execFileSync('aarch64-linux-gnu-as', [MARCH, '-o', file('p.o'), join(FIXTURES, `${name}.s`)])
  execFileSync('aarch64-linux-gnu-ld', [`-Ttext=0x${base.toString(16)}`, '-e', '0', '-o', file('p.elf'), file('p.o')])
  execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', '-j', '.text', file('p.elf'), file('p.bin')])
  return readFileSync(file('p.bin')).toString('hex')
}

const hex = (w: number): string => w.toString(16).padStart(8, '0')

const unique = (lines: string[]): string[] => [...new Set(lines)]
// ADRP needs a linker, and GNU as 2.40 knows no nXS operations: both are tested elsewhere.
const lines = unique([...fromTables(), ...fromWords()]).filter(l => !/^adrp|nxs, x|nxs$/.test(l))
const words = gnuAs(lines)
const spoilt = unique(spoil(lines))
const spoiltWords = gnuAs(spoilt)

if (options.report) {
  let differ = 0
  const check = (line: string, word: number | null): void => {
    const w = ours(line)
    if (word === null ? typeof w === 'string' : w === word) return
    differ++
    console.log(`${word === null ? 'refused ' : hex(word)}  ${typeof w === 'number' ? hex(w) : `(${w})`}  ${line}`)
  }
  lines.forEach((l, i) => check(l, words[i]))
  spoilt.forEach((l, i) => check(l, spoiltWords[i]))
  console.log(`${lines.length} lines (${words.filter(w => w === null).length} refused by GNU as), ${spoilt.length} spoilt (${spoiltWords.filter(w => w === null).length} refused): ${differ} differences`)
} else {
  const accepted = [...lines.map((l, i) => [l, words[i]] as const), ...spoilt.map((l, i) => [l, spoiltWords[i]] as const)]
  const golden = accepted.flatMap(([l, w]) => (w === null ? [] : [`${hex(w)}\t${l}\n`]))
  writeFileSync(join(FIXTURES, 'instructions.golden'), golden.join(''))
  const refused = unique(accepted.flatMap(([l, w]) => (w === null ? [l] : [])))
  writeFileSync(join(FIXTURES, 'rejects.golden'), refused.map(l => `${l}\n`).join(''))
  writeFileSync(join(FIXTURES, 'programs.golden'), PROGRAMS.map(([name, base]) => `${name}\t0x${base.toString(16)}\t${linked(name, base)}\n`).join(''))
  console.log(`${golden.length} encodings, ${refused.length} rejects`)
}
rmSync(work, { recursive: true })
