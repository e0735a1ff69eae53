import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINES } from './paths';

/** An engine whose JVM starts with classes that were loaded and verified when it was installed. */
export interface Archived {
  /** File to which a class archive is written when the engine ends in order. @default - none; the installed archive is used */
  readonly archiveTo?: string;
}

/** The JVM flags that use the class archive which the installer made, if it did. The JVM ignores one of another class path. */
export function archiveFlags(engine: string, { archiveTo }: Archived): string[] {
  if (archiveTo !== undefined) return [`-XX:ArchiveClassesAtExit=${archiveTo}`];
  const archive = join(ENGINES, `${engine}-archive`, `${engine}.jsa`);
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
}

/** How long an engine may take to end: archiving its classes takes seconds. @default - as `supervise` */
export const archivingWithin = ({ archiveTo }: Archived): number | undefined =>
  archiveTo === undefined ? undefined : 120_000;
