// The quick ones of the userland checks, on 2 vCPUs; npm run verify:userland has all, in both tiers.
import { existsSync } from 'node:fs';
import t from 'tap';
import { bootUserland, CHECKS, runCheck, USERLAND } from '../support/userland.ts';
import { missingGuest } from './guest.ts';

const QUICK = ['openssl-aes', 'openssl-digests', 'openssl-speed', 'bc', 'gawk', 'stress-vector'];

t.setTimeout(900_000);
const skip = missingGuest() || (!existsSync(USERLAND) && `${USERLAND} is missing: npm run guest:userland makes it`);
t.test('programs that check their arithmetic', { skip }, async (t) => {
  const c = await bootUserland('regions', '2');
  try {
    for (const check of CHECKS.filter((x) => QUICK.includes(x.name))) {
      const { ok, out } = await runCheck(c, check);
      if (ok) t.pass(check.name);
      else t.fail(`${check.name}: ${out.slice(-2000)}`);
    }
  } finally {
    c.kill();
    await c.exit;
  }
});
