// Where the Debian kernel and initrd of the system tests are, or why the test is skipped.
import { existsSync } from 'node:fs';

export const KERNEL = '.cache/guest/debian/linux';
export const INITRD = '.cache/guest/debian/initrd.gz';

/** False: run. A string: the reason to skip; in CI a missing guest is a failure. */
export const missingGuest = (): false | string => {
  if (existsSync(KERNEL) && existsSync(INITRD)) return false;
  const why = `${KERNEL} is missing: npm run guest:debian fetches it`;
  if (process.env.CI) throw new Error(why);
  return why;
};
