// A mistake on the human monitor's command line.

export class HmpError extends Error {}
