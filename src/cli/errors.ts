// Where the error class was: import src/errors.ts.
export { UserError } from '../errors.ts';
