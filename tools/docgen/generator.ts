import { type Stage } from '../../lib/config';
import { type CloudAssembly } from '../assembly/cloud-assembly';

/** What a stage's synthesis yields; made once per stage. */
export type AssemblyOf = (stage: Stage) => CloudAssembly;

/** One source of generated files. */
export interface Generator {
  /** Paths below the repository's root. */
  readonly files: readonly string[];
  /** The text of each file, before prettier. */
  readonly render: (assemblyOf: AssemblyOf) => Readonly<Record<string, string>>;
}
