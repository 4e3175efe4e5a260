// `mttcg litmus`: joins the litmus campaign to the terminal and to the machine it runs on.
import { openStressMachine } from '../machine/stress-machine.ts';
import { litmus } from '../stress/litmus/campaign.ts';

/** Runs `mttcg litmus ARGV`; resolves to the exit code. The first SIGINT or SIGTERM ends the campaign, its reports are kept. */
export async function litmusCommand(argv: readonly string[]): Promise<number> {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { abort.abort(); });
  const code = await litmus(argv, {
    openMachine: openStressMachine,
    out: (text) => { process.stdout.write(text); },
    err: (text) => { process.stderr.write(text); },
    isTerminal: process.stderr.isTTY,
    signal: abort.signal,
  });
  await new Promise<void>((resolve) => { process.stdout.write('', () => { resolve(); }); });
  return code;
}
