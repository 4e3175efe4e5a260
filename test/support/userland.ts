// Debian programs that check their own arithmetic, as commands for the shell of the userland guest (npm run guest:userland).
import { Console, mttcg } from './console.ts';
import { KERNEL } from '../system/guest.ts';

export const USERLAND = '.cache/guest/userland.cpio.gz';
const PROMPT = /\r\nuserland# /;

/** A shell command that must succeed, and what it must print. */
export interface Check { readonly name: string; readonly command: string; readonly prints?: RegExp; readonly minutes?: number }

/** FIPS 197 C.1, FIPS 180-4, NIST GCM test case 4's key stream, RFC 8439: known answers, then round trips through files. */
export const CHECKS: readonly Check[] = [
  { name: 'openssl-aes', command: 'printf "00112233445566778899aabbccddeeff" | xxd -r -p | openssl enc -aes-128-ecb -nopad -K 000102030405060708090a0b0c0d0e0f | xxd -p', prints: /69c4e0d86a7b0430d8cdb78070b4c55a/ },
  {
    name: 'openssl-digests', command: 'for d in sha1 sha256 sha512 sha3-256 sm3; do printf abc | openssl dgst -$d; done',
    prints: /a9993e364706816aba3e25717850c26c9cd0d89d[\s\S]*ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad[\s\S]*ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2[\s\S]*3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532[\s\S]*66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0/,
  },
  {
    name: 'openssl-round-trips', command: 'head -c 3000000 /dev/urandom > a; ok=1; for c in aes-128-cbc aes-256-ctr aes-192-cfb chacha20 camellia-128-cbc sm4-ctr; do openssl enc -$c -pbkdf2 -iter 10 -k pw -in a -out b && openssl enc -d -$c -pbkdf2 -iter 10 -k pw -in b -out c && cmp a c || ok=0; done; [ $ok = 1 ] && echo all equal',
    prints: /\nall equal/,
  },
  { name: 'openssl-keys', command: 'openssl genrsa -out k 2048 2>/dev/null && openssl rsa -in k -check -noout && openssl ecparam -genkey -name prime256v1 -out e && openssl dgst -sha256 -sign e -out s k && openssl ec -in e -pubout -out p 2>/dev/null && openssl dgst -sha256 -verify p -signature s k', prints: /RSA key ok[\s\S]*Verified OK/ },
  { name: 'openssl-speed', command: 'openssl speed -seconds 1 -bytes 8192 -evp aes-128-gcm && openssl speed -seconds 1 -bytes 8192 sha256', prints: /sha256 +[\d.]+k/ },
  { name: '7zr', command: '7zr b 1 -mmt2 -md16', prints: /Tot:/, minutes: 20 },
  { name: 'bc', command: 'echo "scale=50; 4*a(1); e(1); s(1)^2+c(1)^2" | bc -l', prints: /3\.14159265358979323846264338327950288419716939937508[\s\S]*2\.71828182845904523536028747135266249775724709369995/ },
  { name: 'gawk', command: "gawk 'BEGIN { for (i = 1; i <= 1000; i++) s += 1 / i; printf \"%.15f %.15f %.15f\\n\", s, exp(1), atan2(0, -1) }'", prints: /7\.485470860550343 2\.718281828459045 3\.141592653589793/ },
  { name: 'python-math', command: 'python3 -m test test_math test_cmath test_float test_struct test_complex', prints: /Tests result: SUCCESS/, minutes: 30 },
  { name: 'python-decimal', command: 'python3 -m test test_decimal test_fractions test_statistics', prints: /Tests result: SUCCESS/, minutes: 60 },
  { name: 'stress-cpu', command: 'stress-ng --cpu 2 --cpu-method all --verify --cpu-ops 200 --metrics-brief; echo code $?', prints: /successful run[\s\S]*\ncode 0/, minutes: 60 },
  { name: 'stress-vector', command: 'stress-ng --vecmath 2 --vecmath-ops 20 --vecfp 2 --vecfp-ops 8 --vecwide 2 --vecwide-ops 20 --verify --metrics-brief; echo code $?', prints: /successful run[\s\S]*\ncode 0/, minutes: 60 },
];

/** Boots the guest to its prompt. The tier qemu is qemu-system-aarch64, for its times. Errors: Error after 15 minutes. */
export async function bootUserland(tier: string, smp: string): Promise<Console> {
  const args = ['-M', 'virt', '-cpu', 'max', '-smp', smp, '-m', '2G', '-nographic', '-kernel', KERNEL, '-initrd', USERLAND, '-append', 'console=ttyAMA0 quiet'];
  const c = tier === 'qemu' ? new Console('qemu-system-aarch64', args) : mttcg(args, { ...process.env, MTTCG_REGIONS: tier === 'regions' ? '1' : '0' });
  try {
    await c.expect(/userland# /, 900);
  } catch (error) {
    c.kill();
    await c.exit;
    throw error;
  }
  return c;
}

/** Runs a check; `out` is what it printed, without the echo. Errors: Error when the prompt does not come back in time. */
export async function runCheck(c: Console, { command, prints, minutes = 10 }: Check): Promise<{ ok: boolean; out: string }> {
  c.type(`${command}\n`);
  const out = (await c.expect(PROMPT, minutes * 60)).replaceAll('\r', '');
  return { ok: prints?.test(out) !== false, out };
}
