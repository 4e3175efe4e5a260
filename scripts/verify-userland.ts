// npm run verify:userland [-- [--tier interpreter|regions|qemu] [--smp N] [NAME…]]: Debian programs that check their own arithmetic, in a guest of 2 vCPUs.
// Needs the initramfs of npm run guest:userland and the kernel of npm run guest:debian.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bootUserland, CHECKS, runCheck, USERLAND } from '../test/support/userland.ts';
import type { Console } from '../test/support/console.ts';
import { KERNEL } from '../test/system/guest.ts';

const { values, positionals } = parseArgs({ options: { tier: { type: 'string' }, smp: { type: 'string', default: '2' } }, allowPositionals: true });
const checks = positionals.length ? CHECKS.filter((c) => positionals.includes(c.name)) : CHECKS;
for (const [file, make] of [[USERLAND, 'guest:userland'], [KERNEL, 'guest:debian']]) {
  if (existsSync(file)) continue;
  process.stderr.write(`verify:userland: ${file} is missing: npm run ${make} makes it\n`);
  process.exit(1);
}

let failed = 0;
for (const tier of values.tier ? [values.tier] : ['interpreter', 'regions']) {
  let c: Console | undefined;
  try {
    c = await bootUserland(tier, values.smp);
    for (const check of checks) {
      const start = performance.now(), { ok, out } = await runCheck(c, check);
      console.log(`${tier}: ${check.name} ${ok ? 'ok' : 'FAILED'}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
      if (!ok) { failed++; console.log(out.slice(-4000)); }
    }
  } catch (error) {
    failed++;
    console.log(`${tier}: ${(error as Error).message}`);
  } finally {
    c?.kill();
    await c?.exit;
  }
}
process.exitCode = failed ? 1 : 0;
