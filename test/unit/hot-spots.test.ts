// The profile of guest code: samples by function and vCPU, as report and as text; where it is written.
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { UserError } from '../../src/errors.ts';
import { checkHotSpotFiles, writeHotSpots } from '../../src/machine/hot-spot-files.ts';
import { hotSpots, hotSpotText } from '../../src/profile/hot-spots.ts';

const names = {
  count: 2,
  function: (pc: bigint) => (pc >= 0x1000n && pc < 0x2000n ? 'memcpy' : pc >= 0x2000n && pc < 0x3000n ? 'schedule' : undefined),
  code: (pc: bigint) => (pc < 0x3000n ? `${pc < 0x2000n ? 'memcpy' : 'schedule'}+0x${(pc & 0xfffn).toString(16)}` : `0x${pc.toString(16)}`),
};
const report = hotSpots([
  { cpu: 0, idle: 25, samples: [[0x1004n, 50], [0x1010n, 10], [0x2000n, 15]] },
  { cpu: 1, idle: 0, samples: [[0x1004n, 20], [0xffff000000000000n, 5]] },
], names, 1000);

t.test('by function', async (t) => {
  t.same(report.functions.map((f) => [f.name, f.known, f.samples, f.share, f.cpus]), [
    ['memcpy', true, 80, 0.8, [60, 20]], ['schedule', true, 15, 0.15, [15, 0]], ['0xffff000000000000', false, 5, 0.05, [0, 5]],
  ]);
  t.same(report.functions[0].addresses, [{ pc: '0x1004', place: 'memcpy+0x4', samples: 70 }, { pc: '0x1010', place: 'memcpy+0x10', samples: 10 }]);
  t.same(report.cpus, [{ cpu: 0, samples: 75, idle: 25 }, { cpu: 1, samples: 25, idle: 0 }]);
});

t.test('as text', async (t) => {
  const text = hotSpotText(report);
  t.match(text, /^# Samples: 100 of guest code, 1000 a second and vCPU; symbols: 2$/m);
  t.match(text, /^# vCPU 0: 75 samples, 25\.00% of the time halted$/m);
  t.match(text, /^ +80\.00% +80 +80\.00% +80\.00% +memcpy$/m);
  t.match(text, /^ +5\.00% +5 +0\.00% +20\.00% +0xffff000000000000$/m);
  t.match(text, /^ +70\.00% +70 +0x1004 +memcpy\+0x4$/m);
  t.match(hotSpotText(report, 1), /… and 2 more/);
  t.match(hotSpotText(hotSpots([{ cpu: 0, idle: 0, samples: [] }], names, 1000)), /Samples: 0/);
});

t.test('files', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'mttcg-profile-'));
  writeHotSpots(join(dir, 'a'), report);
  writeHotSpots(join(dir, 'b.json'), report);
  t.same(readdirSync(dir).sort(), ['a.json', 'a.txt', 'b.json']);
  t.same(JSON.parse(readFileSync(join(dir, 'b.json'), 'utf8')), report);
  t.throws(() => checkHotSpotFiles(join(dir, 'none', 'x')), UserError);
});
