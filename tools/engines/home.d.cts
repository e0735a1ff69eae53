/** Where everything lives that is installed or noted at run time, absolute. */
export const HOME: string;

/** One folder per engine, absolute. */
export const ENGINES: string;

/** The file in an engine's folder that identifies what was installed there. */
export const STAMP: string;
