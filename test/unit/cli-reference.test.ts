// docs/command-line.md is the option table's, and the table is the parser's.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { commandLineText } from '../../scripts/generate-cli.ts';
import { EXCLUSIVE_SCHEMES, MACHINES } from '../../src/cli/catalog.ts';
import { helpText } from '../../src/cli/help.ts';
import { IMPLEMENTED, REFUSED, type OptionRow } from '../../src/cli/option-table.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { cpuModelList } from '../../src/target/arm/cpu-models.ts';

const catalog = { machines: MACHINES, cpuModels: cpuModelList(), exclusiveSchemes: EXCLUSIVE_SCHEMES };
const ROWS: readonly OptionRow[] = IMPLEMENTED;

t.test('the page is current', async (t) => {
  t.equal(readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8'), commandLineText(), 'node scripts/generate-cli.ts');
});

t.test('what it says of options holds', async (t) => {
  const page = commandLineText(), help = helpText();
  for (const row of ROWS) {
    const spellings = [row.name, ...(row.aliases ?? [])];
    for (const name of spellings) {
      t.match(page, `\`-${name}${row.arg === undefined ? '' : ` ${row.arg}`}\``, name);
      t.match(help, `-${name}`);
      for (const dash of ['-', '--']) {
        if (row.arg !== undefined) t.throws(() => parseCommandLine([`${dash}${name}`], catalog), { code: 'missing-argument' }, `${dash}${name} takes an argument`);
        else t.doesNotThrow(() => parseCommandLine(['-M', 'virt', `${dash}${name}`], catalog), `${dash}${name} takes none`);
      }
    }
  }
  for (const row of REFUSED) t.throws(() => parseCommandLine(['-M', 'virt', `-${row.name}`, 'x'], catalog), { code: 'not-available' }, row.name);
  for (const { name } of catalog.cpuModels) t.equal(parseCommandLine(['-M', 'virt', '-cpu', name], catalog).kind, 'run', name);
});
