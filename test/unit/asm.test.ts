// The assembler's own behaviour: results, symbols, listing, directives and macros beyond GNU as, errors.

import t from 'tap'
import { AsmError, assemble, assembleOne } from '../../src/asm/index.ts'

const words = (source: string, base: bigint | number = 0): string[] => {
  const { code } = assemble(source, { base })
  return Array.from({ length: code.length / 4 }, (_, i) => new DataView(code.buffer).getUint32(i * 4, true).toString(16))
}
const failure = (run: () => unknown): AsmError => {
  try {
    run()
  } catch (err) {
    if (err instanceof AsmError) return err
    throw err
  }
  throw new Error('no error')
}
const message = (source: string): string => failure(() => assemble(source)).message

t.test('result: code, base, symbols, listing', t => {
  const p = assemble('.equ n, -1\nstart: nop\n1: b 1b\n  .quad end // x\nend:', { base: 0xffff000000080000n, lines: true })
  t.equal(p.base, 0xffff000000080000n)
  t.same([...p.symbols], [['n', 0xffffffffffffffffn], ['start', 0xffff000000080000n], ['end', 0xffff000000080010n]])
  t.equal(Buffer.from(p.code).toString('hex'), '1f2003d500000014100008000000ffff')
  t.same(p.lines, [
    { address: 0xffff000000080000n, size: 4, line: 2, text: 'start: nop' },
    { address: 0xffff000000080004n, size: 4, line: 3, text: '1: b 1b' },
    { address: 0xffff000000080008n, size: 8, line: 4, text: '.quad end' },
  ])
  t.equal(assemble('nop').lines, undefined)
  t.same(assemble('').code.length, 0)
  t.end()
})

t.test('listing of macros and blocks names the inner statements', t => {
  const { lines } = assemble('.macro m r\nmov \\r, #1\nret\n.endm\nm x1\n.rept 2\nnop\n.endr\n', { lines: true })
  t.same(lines!.map(l => `${l.line}:${l.text}@${l.address}`), ['2:mov x1, #1@0', '3:ret@4', '7:nop@8', '7:nop@12'])
  t.end()
})

t.test('assembleOne', t => {
  t.equal(assembleOne('nop'), 0xd503201f)
  t.equal(assembleOne('  ADD  X0 , x1,#4  '), 0x91001020)
  t.equal(assembleOne('b 0x1000', 0x0ff0), 0x14000004)
  t.equal(assembleOne('b 0xffff000000001000', 0xffff000000001008n), 0x17fffffe)
  t.equal(assembleOne('adrp x0, 0x40081234', 0x40080ff0), 0xb0000000)
  t.equal(assembleOne('adr x3, .'), 0x10000003)
  t.match(failure(() => assembleOne('b there')).message, "undefined symbol 'there' in `b there`")
  t.match(failure(() => assembleOne('ldr x0, =5')).message, 'literal pool')
  t.match(failure(() => assembleOne('')).message, 'expected an instruction at the end')
  t.end()
})

t.test('names newer than the reference assembler', t => {
  t.equal(assembleOne('tlbi vmalle1nxs'), assembleOne('sys #0, c9, c7, #0'))
  t.equal(assembleOne('tlbi vae1isnxs, x3'), assembleOne('sys #0, c9, c3, #1, x3'))
  t.end()
})

t.test('symbols: forward, redefinition, assignment chains', t => {
  t.same(words('add x0, x1, #n\n.equ n, 5'), [assembleOne('add x0, x1, #5').toString(16)])
  t.same(words('mov x0, #big\nbig = 0x10000'), [assembleOne('mov x0, #0x10000').toString(16)])
  t.same(words('ldr x0, [x1, #off]\noff = -8'), [assembleOne('ldur x0, [x1, #-8]').toString(16)])
  t.same(words('.set i, 1\n.word i\n.set i, i + 1\n.word i'), ['1', '2'])
  t.same(words('.word b - a\na: nop\nb:'), ['4', 'd503201f'])
  t.same(words('.word x\nx = y + 1\ny = z\nz = 3'), ['4'])
  t.equal(message('a: nop\na: nop'), "line 2: symbol 'a' is already defined in `a: nop`")
  t.equal(message('a: nop\n.set a, 4'), "line 2: symbol 'a' is already defined in `.set a, 4`")
  t.equal(message('.equiv a, 1\n.equ a, 4'), "line 2: symbol 'a' is already defined in `.equ a, 4`")
  t.equal(message('nop\nb foo'), "line 2: undefined symbol 'foo' in `b foo`")
  t.equal(message('.word 1\n.word foo + 1'), "line 2: undefined symbol 'foo' in `.word foo + 1`")
  t.match(message('.skip n\nn = 4'), "line 1: undefined symbol 'n': the value must be known here")
  t.match(message('x = x + 1\n.word x'), 'depends on itself')
  t.end()
})

t.test('local labels', t => {
  t.same(words('1: nop\n1: b 1b\nb 1f\n1: b 1b'), ['d503201f', '14000000', '14000001', '14000000'])
  t.same(words('10: cbz x0, 10f\n10: cbz x0, 10b'), ['b4000020', 'b4000000'])
  t.equal(message('b 1b'), "line 1: no local label '1:' before '1b' in `b 1b`")
  t.equal(message('1: nop\nb 1f'), "line 2: no local label '1:' after '1f' in `b 1f`")
  t.end()
})

t.test('literal pools: shared constants, placement, 128 bits', t => {
  const p = words('ldr x0, =5\nldr x1, =5\nldr w2, =5\nldr x3, =sym\nldr x4, =sym\nsym: nop\n.ltorg\nldr x5, =5')
  t.equal(p.length, 6 + 1 + 1 + 2 * 2 + 1 + 1 + 2)
  t.same(p.slice(6, 12), ['5', '0', '5', '0', '14', '0'])
  t.same(words('ldr q0, =-2'), ['9c000080', '0', '0', '0', 'fffffffe', 'ffffffff', 'ffffffff', 'ffffffff'])
  t.match(message('ldrb w0, =5'), 'literal pool')
  t.match(message('nop\nldr x0, =nowhere'), "line 2: undefined symbol 'nowhere' in `ldr x0, =nowhere`")
  t.end()
})

t.test('macros: defaults, keywords, required, vararg, nesting, recursion limit', t => {
  const m = '.macro m a=1, b:req, c:vararg\n.word \\a, \\b, \\c\n.endm\n'
  t.same(words(`${m}m 2, 3, 4, 5`), ['2', '3', '4', '5'])
  t.same(words(`${m}m b=7, c=8`), ['1', '7', '8'])
  t.match(message(`${m}m 2`), "line 4: macro 'm' needs its argument 'b' in `m 2`")
  t.match(message('.macro n a\n.endm\nn 1, 2'), "too many arguments for macro 'n'")
  t.same(words('.macro ld r, at\nldr \\r, \\at\n.endm\nld x0, [x1, #8]'), ['f9400420'])
  t.same(words('.macro o\n.macro i\n.word 9\n.endm\ni\n.endm\no'), ['9'])
  t.same(words('.macro l\nl\\@: b l\\@\n.endm\nl\nl'), ['14000000', '14000000'])
  t.match(message('.macro f\nf\n.endm\nf'), 'nested too deeply')
  t.match(message('.macro f\nnop'), "'.macro' without '.endm'")
  t.match(message('.rept 2\nnop'), "'.rept' without '.endr'")
  t.match(message('.if 1\nnop'), "'.if' without '.endif'")
  t.match(message('.if 0\nnop'), "'.if' without '.endif'")
  t.match(message('.endif'), "'.endif' without '.if'")
  t.equal(
    message('.macro bad r\n  add \\r, x0, x1\n.endm\nnop\nbad x31'),
    "line 2: unknown register 'x31' in `add x31, x0, x1` (in macro 'bad' called on line 5)",
  )
  t.end()
})

t.test('instructions after odd data are aligned; .align needs powers of two', t => {
  t.same(words('.byte 1\nnop'), ['1', 'd503201f'])
  t.same(words('.data\n.byte 1\n.align 3\n.byte 2, 0, 0, 0'), ['1', '0', '2'])
  t.match(message('.balign 6'), 'not a power of two')
  t.match(message('nop\n.org 0'), 'cannot move backwards, from offset 4 to 0')
  t.end()
})

t.test('errors name the line, the text and the mistake', t => {
  const e = failure(() => assemble('nop\n\n/* two\nlines */ add x31, x0, x1 // why'))
  t.equal(e.line, 4)
  t.equal(e.text, 'add x31, x0, x1')
  t.equal(e.detail, "unknown register 'x31'")
  t.equal(e.message, "line 4: unknown register 'x31' in `add x31, x0, x1`")
  for (const [line, why] of [
    ['addd x0, x1, x2', "unknown mnemonic 'addd'"],
    ['add x0, x1', 'missing operand'],
    ['add x0, x1, x2, x3', 'expected a shift'],
    ['add w0, x1, x2', 'expected a 32-bit register (W or SP) at operand 2'],
    ['add x0, x1, #5000', 'immediate out of range 0 to 4095, or that shifted left by 12 at operand 3'],
    ['ldr x0, [w1]', 'the base register must be X0 to X30 or SP at operand 2'],
    ['ldr x0, [x31]', "unknown register 'x31'"],
    ['ldr x0, [x1, #32768]', 'immediate out of range'],
    ['ldr x0, [x1, x2, lsl #2]', 'the shift amount must be 0 or 3'],
    ['ldr x0, [x1', "expected ']' at the end"],
    ['mov x0, #0x123456', 'immediate cannot be moved by a single instruction'],
    ['and x0, x1, #5', 'no 64-bit logical constant'],
    ['lsl w0, w1, #32', 'immediate out of range 0 to 31 at operand 3'],
    ['cset x0, al', 'al and nv do not fit here'],
    ['csel x0, x1, x2, xy', 'expected a condition at operand 4'],
    ['mrs x0, nosuch_el1', 'unknown system register'],
    ['msr daifset, #16', 'immediate out of range 0 to 15'],
    ['dsb foo', 'expected a barrier option'],
    ['casp x1, x2, x3, x4, [x0]', 'a register pair must start with an even register at operand 1'],
    ['fmov d0, #0.1', 'floating-point constant does not fit 8 bits'],
    ['add v0.4s, v1.4s, v2.2s', 'expected a vector register with arrangement .4S at operand 3'],
    ['add v0.4s, v1.4s, v32.4s', "unknown register 'v32.4s'"],
    ['mov v0.s[4], w0', 'lane index out of range 0 to 3'],
    ['mul v0.8h, v1.8h, v16.h[0]', 'the lane must be of V0 to V15'],
    ['ld1 {v0.4s, v2.4s}, [x0]', 'must be consecutive'],
    ['b . + 2', 'the target is not word-aligned'],
    ['b . + 0x8000000', 'target out of range'],
    ['tbz x0, #64, .', 'immediate out of range 0 to 63'],
    ['.byte 256', 'value 0x100 does not fit 1 byte'],
    ['.hword -32769', 'value -32769 does not fit 2 bytes'],
    ['.word 0x123456789', 'does not fit 4 bytes'],
    ['.quad 0x10000000000000000', 'does not fit 64 bits'],
    ['.word 1 +', 'expected an expression at the end'],
    ['.word (1', "expected ')' at the end"],
    ['.word 1 2', "unexpected '2'"],
    ['.word 09', "bad octal number '09'"],
    ['.word 1/0', 'division by zero'],
    ['.word :nope:x', "unknown relocation operator ':nope:'"],
    ['movz x0, #:abs_g0:0x10000', "overflows ':abs_g0:'"],
    ['.ascii "abc', 'unterminated string'],
    ['.ascii abc', "expected '\"', found 'abc'"],
    ['.nosuch 1', "unknown directive '.nosuch'"],
    ['foo .req x31', "unknown register 'x31'"],
    ['.error "stop here"', 'stop here'],
    ['nop nop', 'too many operands'],
    ['?', "expected an instruction, found '?'"],
  ] as const) {
    const err = failure(() => assemble(`nop\n${line}`))
    t.equal(err.line, 2, line)
    t.equal(err.text, line, line)
    t.ok(err.detail.includes(why), `${line}: ${err.detail}`)
  }
  t.match(message('nop\n/* open'), 'line 2: unterminated comment')
  t.end()
})
