/** The folder in which a run of the tests keeps its assemblies. */
export const FOLDER = 'PIPELINE_TEST_ASSEMBLIES';
/** Process that makes them. */
export const SYNTHESIZER = 'PIPELINE_TEST_SYNTHESIZER';

/** @throws Error outside of jest with the configuration of this repository */
export function setting(name: typeof FOLDER | typeof SYNTHESIZER): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: test/support/synthesis/setup.ts sets it for jest`);
  return value;
}

/** Beside the assembly `<folder>/<name>`, which appears complete. */
export const asked = (assembly: string) => `${assembly}.asked`;
export const failed = (assembly: string) => `${assembly}.failed`;

export interface Question {
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly dags?: string;
  /** Whether functions are bundled. @default false */
  readonly bundled?: boolean;
}
