'use strict';
/*
 * Where everything lives that is installed or noted at run time. Plain CommonJS, because the installer needs it before anything
 * is installed.
 */
const { join } = require('node:path');

/** The environment variable ENGINES_HOME, absolute. @default - the folder `.local` two levels above this package */
const HOME = process.env.ENGINES_HOME ?? join(__dirname, '..', '..', '.local');

/** One folder per engine. */
const ENGINES = join(HOME, 'engines');

/** The file in an engine's folder that identifies what was installed there. It is written last: without it the folder is unfinished. */
const STAMP = '.setup-stamp';

module.exports = { HOME, ENGINES, STAMP };
